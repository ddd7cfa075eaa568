//! One rival on one problem: a process of its own, a JSON line in, a JSON line out
//! (`benches/rivals/protocol.py` describes them).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::catalog::{Problem, Rival};
use super::environment::Environment;

/// How often a running adapter is looked after.
const LOOK: Duration = Duration::from_millis(20);

/// Part of the time limit after which an adapter begins no further fit.
const BUDGET: f64 = 0.5;

/// The same for paths, whose slow ones are followed once: they take minutes.
const PATH_BUDGET: Duration = Duration::from_secs(10);

/// The libraries' own pools read these.
const THREADS: [&str; 6] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
];

/// What is asked of every adapter alike.
pub(crate) struct Request {
    threads: usize,
    repeats: usize,
    limit: Duration,
    path_limit: Duration,
}

/// A rival's attempt at a problem.
pub(crate) struct Attempt {
    pub(crate) rival: String,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    Fitted(Box<Fitted>),
    /// The library does not fit this problem, or is not there.
    Without(String),
}

/// A fit that came to its end.
pub(crate) struct Fitted {
    pub(crate) reply: Reply,
    pub(crate) verdict: Option<Verdict>,
    coefficients: PathBuf,
    penalties: Vec<f64>,
    l1_ratio: f64,
    /// Whether the problem has an intercept.
    intercept: bool,
}

/// What an adapter says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Reply {
    #[serde(default)]
    pub(crate) seconds: Vec<f64>,
    pub(crate) version: String,
    pub(crate) iterations: Option<usize>,
    pub(crate) passes: Option<usize>,
    pub(crate) note: Option<String>,
    #[serde(default)]
    pub(crate) phases: BTreeMap<String, f64>,
    lambda: Option<f64>,
    intercept_scaling: Option<f64>,
    intercept: Option<bool>,
    skipped: Option<String>,
}

/// What the judge says: numbers are missing where they are not finite.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Verdict {
    pub(crate) objective: Option<f64>,
    pub(crate) objectives: Vec<Option<f64>>,
    pub(crate) gradient: Option<f64>,
    pub(crate) nonzero: usize,
}

impl Request {
    /// `limit` is for all fits of a rival together, `path_limit` for all its paths.
    pub(crate) fn new(
        threads: usize,
        repeats: usize,
        limit: Duration,
        path_limit: Duration,
    ) -> Self {
        Self {
            threads,
            repeats,
            limit,
            path_limit,
        }
    }

    /// Runs the rival's adapter on the data in a folder.
    pub(crate) fn ask(
        &self,
        environment: &Environment,
        data: &Path,
        problem: &Problem,
        rival: &Rival,
    ) -> Result<Attempt> {
        let attempt = |outcome| Attempt {
            rival: rival.name.clone(),
            outcome,
        };
        let Some(mut command) = environment.adapter(rival) else {
            return Ok(attempt(Outcome::Without("did not compile".to_owned())));
        };
        // 1. The request.
        let (penalties, l1_ratio) = match &problem.path {
            Some(path) => (path.downwards_from(lambda_max(data)?), path.l1_ratio),
            None => (vec![problem.lambda], problem.l1_ratio),
        };
        let (limit, budget) = if problem.path.is_some() {
            let budget = self.path_limit.mul_f64(BUDGET).min(PATH_BUDGET);
            (self.path_limit, budget)
        } else {
            (self.limit, self.limit.mul_f64(BUDGET))
        };
        let answers = data.join("answers");
        fs::create_dir_all(&answers).with_context(|| answers.display().to_string())?;
        let stem = format!("{} {}", problem.name, rival.name).replace([' ', ',', '/'], "_");
        let coefficients = answers.join(format!("{stem}.npy"));
        let request = json!({
            "x": data.join(problem.rows_file()), "y": data.join("y.npy"), "out": coefficients,
            "solver": rival.solver, "precision": rival.precision, "tolerance": rival.tolerance,
            "lambda": penalties.last(), "l1_ratio": l1_ratio,
            "path": problem.path.map(|_| &penalties),
            "batch_size": problem.epoch.map(|epoch| epoch.batch_size),
            "learning_rate": problem.epoch.map(|epoch| epoch.learning_rate),
            "columns": problem.columns, "intercept": !problem.sparse,
            "threads": self.threads, "repeats": self.repeats,
            "budget": budget.as_secs_f64(),
        });
        // 2. The run.
        let (said, complained) = (answers.join("stdout.txt"), answers.join("stderr.txt"));
        command
            .stdin(Stdio::piped())
            .stdout(File::create(&said)?)
            .stderr(File::create(&complained)?)
            .envs(THREADS.map(|name| (name, self.threads.to_string())));
        let Some(success) = run(command, &request, limit)? else {
            let seconds = limit.as_secs();
            return Ok(attempt(Outcome::Without(format!("over {seconds} s"))));
        };
        // 3. The reply.
        if !success {
            let words = fs::read_to_string(&complained).unwrap_or_default();
            return Ok(attempt(Outcome::Without(failure(&words))));
        }
        let text = fs::read_to_string(&said)?;
        let line = text.trim().lines().last().unwrap_or_default();
        let reply: Reply = serde_json::from_str(line)
            .with_context(|| format!("{} said no JSON but `{line}`", rival.adapter))?;
        if let Some(reason) = reply.skipped {
            return Ok(attempt(Outcome::Without(reason)));
        }
        let penalties = reply.lambda.map_or(penalties, |lambda| vec![lambda]);
        Ok(attempt(Outcome::Fitted(Box::new(Fitted {
            reply,
            verdict: None,
            coefficients,
            penalties,
            l1_ratio,
            intercept: !problem.sparse,
        }))))
    }
}

impl Attempt {
    /// What the judge needs to know.
    pub(crate) fn answer(&self) -> Option<Value> {
        let Outcome::Fitted(fitted) = &self.outcome else {
            return None;
        };
        Some(json!({
            "coefficients": fitted.coefficients,
            "penalties": fitted.penalties,
            "l1_ratio": fitted.l1_ratio,
            "intercept_scaling": fitted.reply.intercept_scaling,
            "intercept": fitted.reply.intercept.unwrap_or(fitted.intercept),
        }))
    }
}

impl Outcome {
    /// A word while it runs.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Fitted(fitted) => format!("{:.4} s", fitted.best()),
            Self::Without(reason) => reason.clone(),
        }
    }
}

impl Fitted {
    /// Seconds of the fastest fit.
    pub(crate) fn best(&self) -> f64 {
        let seconds = self.reply.seconds.iter();
        seconds.copied().fold(f64::INFINITY, f64::min)
    }

    /// Seconds of the fit in the middle.
    pub(crate) fn median(&self) -> f64 {
        let mut seconds = self.reply.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let (low, high) = ((seconds.len() - 1) / 2, seconds.len() / 2);
        f64::midpoint(seconds[low], seconds[high])
    }

    /// Whether it fitted what the others did.
    pub(crate) fn same_problem(&self) -> bool {
        self.reply.lambda.is_none()
            && self.reply.intercept_scaling.is_none()
            && self.reply.intercept != Some(false)
    }
}

/// Whether the adapter succeeded; none where it ran out of time and was ended.
fn run(mut command: Command, request: &Value, limit: Duration) -> Result<Option<bool>> {
    let mut child = command.spawn().context("could not start an adapter")?;
    write_line(&mut child, request)?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

/// Writes one JSON line to a child and closes its input.
pub(crate) fn write_line(child: &mut Child, request: &Value) -> Result<()> {
    let mut stdin = child.stdin.take().context("the child has no input")?;
    // A child that ended early says why by its status.
    let _ = writeln!(stdin, "{request}");
    Ok(())
}

/// The smallest L1 penalty that leaves every coefficient zero, as `generate.py` computed it.
fn lambda_max(data: &Path) -> Result<f64> {
    let path = data.join("data.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let value: Value = serde_json::from_str(&text)?;
    let value = value.get("lambda_max").and_then(Value::as_f64);
    value.with_context(|| format!("{}: no lambda_max", path.display()))
}

/// Why an adapter failed, from what it wrote on standard error.
fn failure(words: &str) -> String {
    if let Some((_, rest)) = words.rsplit_once("No module named '") {
        let package = rest.split(['\'', '.']).next().unwrap_or(rest);
        return format!("not installed: {package}");
    }
    let last = words.trim().lines().last().unwrap_or("no reason given");
    format!("failed: {}", last.chars().take(80).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_in_a_line() {
        let missing = "Traceback:\nModuleNotFoundError: No module named 'glum'\n";
        assert_eq!(failure(missing), "not installed: glum");
        assert_eq!(failure("a\nValueError: bad\n"), "failed: ValueError: bad");
        assert_eq!(failure(""), "failed: no reason given");
    }

    #[test]
    fn the_best_and_the_middle_of_the_fits() {
        let reply = r#"{"seconds":[3.0,1.0,2.0,5.0],"version":"x 1"}"#;
        let fitted = Fitted {
            reply: serde_json::from_str(reply).unwrap(),
            verdict: None,
            coefficients: PathBuf::new(),
            penalties: vec![],
            l1_ratio: 0.0,
            intercept: true,
        };
        assert!((fitted.best() - 1.0).abs() < 1e-15);
        assert!((fitted.median() - 2.5).abs() < 1e-15);
        assert!(fitted.same_problem());
    }
}

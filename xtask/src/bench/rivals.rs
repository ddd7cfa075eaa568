//! `cargo xtask bench rivals`: the same problems and files for Kindling and other libraries, one judge
//! for all.

mod adapter;
mod catalog;
mod environment;
mod machine;
mod reading;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::say::say;
use crate::tree;
use adapter::{Attempt, Outcome};
use catalog::{Catalog, Problem};
use environment::Environment;

/// Where the adapters are.
const FOLDER: &str = "benches/rivals";

/// Fit the same problems with Kindling and with other libraries: time, and what was reached.
///
/// Every rival fits in a process of its own, from rows that already are in memory in the layout and
/// precision that it likes best; only the fit is timed. The objective and gradient that it reached
/// are computed from its coefficients by one judge (judge.py, float64). The problems and rivals are
/// in benches/rivals/rivals.toml, the rules in benches/rivals/README.md.
///
/// Then files are read to a matrix of floats by Kindling, Polars, pandas and pyarrow (reading.py), and
/// every cell is compared with what the file was made from.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench rivals                                   both halves: up to an hour
  cargo xtask bench rivals --list                            problems and rivals
  cargo xtask bench rivals --only reading                    files to matrices: minutes
  cargo xtask bench rivals --problems 1000000x28 --rivals kindling,pytorch
  cargo xtask bench rivals --python .venv/bin/python         packages that are there already

Python's packages are installed into a virtual environment under target/rivals (several GB with
PyTorch), the Rust libraries compiled there. What cannot be installed is named in the table. The
table is printed and written to target/rivals/results.md and results.json.")]
pub(crate) struct Args {
    /// One half alone (default: both, unless problems or rivals are named)
    #[arg(long, value_name = "HALF")]
    only: Option<Half>,
    /// Problems to fit: names, or parts of names (default: all)
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    problems: Vec<String>,
    /// Rivals to run: names, or parts of names, in any case (default: all)
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    rivals: Vec<String>,
    /// Fits of each rival, or reads of each file; the best is shown
    #[arg(long, default_value_t = 5, value_name = "N")]
    repeats: usize,
    /// Seconds for each rival and problem, all its fits together
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    time_limit: u64,
    /// The same for each path of penalties; the fast ones are repeated
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    path_time_limit: u64,
    /// Threads for each rival (default: all)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Python with the packages of requirements.txt; nothing is installed into it
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Folder for environment, data and results
    #[arg(long, default_value = "target/rivals", value_name = "DIR")]
    folder: PathBuf,
    /// Name the problems and rivals, and do nothing
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Half {
    /// Fits of rows in memory
    Fits,
    /// Files to a matrix of floats
    Reading,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = tree::root()?;
    if args.repeats == 0 || args.time_limit == 0 || args.path_time_limit == 0 {
        bail!("--repeats, --time-limit and --path-time-limit must be at least 1");
    }
    let folder = root.join(&args.folder); // an absolute one replaces the root
    let named = !args.problems.is_empty() || !args.rivals.is_empty() || args.list;
    if args.only != Some(Half::Reading) {
        fits(args, &root, &folder)?;
    }
    if args.only == Some(Half::Reading) || (args.only.is_none() && !named) {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let threads = args.threads.unwrap_or_else(machine::threads);
        let python = args.python.as_deref();
        say!(
            "{}",
            reading::run(&root, &folder, python, threads, args.repeats)?
        );
        say!("wrote {}", folder.join("reading.{md,json}").display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The problems of the catalog, fitted by every rival.
fn fits(args: &Args, root: &Path, folder: &Path) -> Result<()> {
    let text = fs::read_to_string(root.join(FOLDER).join("rivals.toml")).context("rivals.toml")?;
    let catalog = Catalog::parse(&text)?.chosen(&args.problems, &args.rivals)?;
    if args.list {
        for problem in &catalog.problems {
            say!("{}", problem.name);
        }
        for rival in &catalog.rivals {
            let kind = match (rival.path, rival.epoch) {
                (true, _) => " (paths)",
                (_, true) => " (an epoch of mini-batches)",
                _ => "",
            };
            say!("  {}{kind}", rival.name);
        }
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let environment = Environment::prepare(root, folder, args.python.as_deref(), &catalog)?;
    let threads = args.threads.unwrap_or_else(machine::threads);
    let [limit, path_limit] = [args.time_limit, args.path_time_limit].map(Duration::from_secs);
    let request = adapter::Request::new(threads, args.repeats, limit, path_limit);

    let mut results = Vec::new();
    for problem in &catalog.problems {
        say!("\n{}", problem.name);
        let data = data(&environment, folder, problem)?;
        let mut attempts = Vec::new();
        for rival in catalog.rivals_of(problem) {
            let attempt = request.ask(&environment, &data, problem, rival)?;
            say!("  {:40} {}", rival.name, attempt.outcome.words());
            attempts.push(attempt);
        }
        judge(&environment, &data.join(problem.rows_file()), &mut attempts)?;
        results.push((problem, attempts));
    }

    let header = machine::describe(threads);
    say!("\n{}", table::text(&header, &results));
    let markdown = table::markdown(&header, &results, &environment.notes);
    fs::write(folder.join("results.md"), markdown).context("results.md")?;
    let document = table::json(&header, &results);
    let document = serde_json::to_string_pretty(&document)?;
    fs::write(folder.join("results.json"), document).context("results.json")?;
    for note in &environment.notes {
        say!("{note}");
    }
    say!("wrote {}", folder.join("results.{md,json}").display());
    Ok(())
}

/// The folder of the problem's data, made where it is not there yet.
fn data(environment: &Environment, folder: &Path, problem: &Problem) -> Result<PathBuf> {
    // Problems that differ in the penalty alone share their data.
    let stem = Path::new(&problem.data)
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = format!("{stem}-{}x{}", problem.rows, problem.columns);
    let data = folder.join("data").join(&name);
    if data.join(problem.rows_file()).exists() {
        return Ok(data);
    }
    let mut command = environment.script("generate.py");
    command
        .arg(folder.join("data"))
        .arg(&name)
        .args([problem.rows.to_string(), problem.columns.to_string()])
        .arg(&problem.data)
        .current_dir(&environment.root);
    let status = command.status().context("could not start Python")?;
    if !status.success() {
        bail!("{FOLDER}/generate.py could not make {name}");
    }
    Ok(data)
}

/// Adds what every attempt reached.
fn judge(environment: &Environment, rows: &Path, attempts: &mut [Attempt]) -> Result<()> {
    let answers: Vec<_> = attempts.iter().filter_map(Attempt::answer).collect();
    if answers.is_empty() {
        return Ok(());
    }
    let request = json!({"x": rows, "y": rows.with_file_name("y.npy"), "answers": answers});
    let mut command: Command = environment.script("judge.py");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().context("could not start Python")?;
    adapter::write_line(&mut child, &request)?;
    let output = child.wait_with_output().context("judge.py")?;
    if !output.status.success() {
        bail!("{FOLDER}/judge.py failed; its words are above");
    }
    let mut verdicts: Vec<adapter::Verdict> = serde_json::from_slice(&output.stdout)?;
    verdicts.reverse();
    for attempt in attempts {
        if let Outcome::Fitted(fitted) = &mut attempt.outcome {
            fitted.verdict = verdicts.pop();
        }
    }
    Ok(())
}

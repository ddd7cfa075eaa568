//! What an adapter of a Rust library shares with those in Python (`rivals/protocol.py` describes the
//! lines): a JSON line in, timed fits, a JSON line out.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::npy::{self, Array};

/// What to fit, and how often.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// File of the rows.
    pub x: PathBuf,
    /// File of the targets, 0 or 1.
    pub y: PathBuf,
    /// Which of the library's solvers.
    pub solver: String,
    /// `f32` or `f64`, of the rows in memory.
    pub precision: String,
    /// Number of columns.
    pub columns: usize,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// The library's own tolerance; none for its default.
    pub tolerance: Option<f64>,
    /// Weight of the penalty.
    pub lambda: f64,
    /// Part of the penalty that is L1.
    pub l1_ratio: f64,
    /// Decreasing penalties to fit one after the other, instead of `lambda`.
    pub path: Option<Vec<f64>>,
    /// Rows of a batch, where one epoch of mini-batches is asked for instead of a fit.
    #[serde(default)]
    pub batch_size: Option<usize>,
    /// Its learning rate.
    #[serde(default)]
    pub learning_rate: Option<f64>,
    /// Threads to use at most; the environment says so too.
    pub threads: usize,
    /// How often to fit.
    pub repeats: usize,
    /// Seconds after which no further fit is begun.
    pub budget: f64,
    /// File to write the coefficients to.
    pub out: PathBuf,
}

/// One fit, or one path.
#[derive(Debug, Default)]
pub struct Fitted {
    /// Coefficients and intercept, for each penalty of a path after the other.
    pub theta: Vec<f64>,
    /// Seconds of the fit, where the function did more than fit; otherwise all of it counts.
    pub seconds: Option<f64>,
    /// What the library or the adapter counted.
    pub said: Said,
}

/// What a reply says beside the times.
#[derive(Debug, Default, Serialize)]
pub struct Said {
    /// Steps of the solver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<usize>,
    /// Evaluations of the objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passes: Option<usize>,
    /// What a reader should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Seconds of parts that are not in the time of the fit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct Reply {
    seconds: Vec<f64>,
    version: &'static str,
    #[serde(flatten)]
    said: Said,
}

/// Answers one request: `prepare` converts rows and targets as the library likes best, outside the
/// timer, and returns a function that fits once.
///
/// # Errors
/// Whatever goes wrong; the message is for the table.
pub fn serve<F>(
    version: &'static str,
    prepare: impl FnOnce(&Request, Array, Vec<f64>) -> Result<F, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>>
where
    F: FnMut() -> Result<Fitted, Box<dyn Error>>,
{
    serve_from(version, |request| npy::read(&request.x), prepare)
}

/// [`serve`], with rows from elsewhere than an array in a file.
///
/// # Errors
/// As [`serve`], and what `read` cannot read.
pub fn serve_from<R, E, F>(
    version: &'static str,
    read: impl FnOnce(&Request) -> Result<R, E>,
    prepare: impl FnOnce(&Request, R, Vec<f64>) -> Result<F, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>>
where
    E: Into<Box<dyn Error>>,
    F: FnMut() -> Result<Fitted, Box<dyn Error>>,
{
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let request: Request = serde_json::from_str(&line)?;
    let (x, y) = (read(&request).map_err(Into::into)?, npy::read(&request.y)?);
    let mut fit = prepare(&request, x, y.values.into_f64())?;

    let (mut seconds, begin) = (Vec::new(), Instant::now());
    let fitted = loop {
        let start = Instant::now();
        let fitted = fit()?;
        let elapsed = start.elapsed().as_secs_f64();
        let latest = fitted.seconds.unwrap_or(elapsed);
        seconds.push(latest);
        let over = begin.elapsed().as_secs_f64() + elapsed > request.budget;
        if seconds.len() >= request.repeats || over {
            break fitted;
        }
    };
    std::fs::write(&request.out, npy::bytes(request.columns + 1, &fitted.theta))?;
    let reply = Reply {
        seconds,
        version,
        said: fitted.said,
    };
    writeln!(io::stdout(), "{}", serde_json::to_string(&reply)?)?;
    Ok(())
}

//! `cargo xtask bench rivals --only reading`: files read to a matrix of floats, by `reading.py`.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::environment::{self, Packages};
use super::machine;
use crate::say::say;

/// How the table is to be read.
const LEGEND: &str = "Seconds from a file to the library's own table (columns) and to a row-major matrix of float64 \
    (matrix, columns included), the best of the repeats, and the first one in the process; files are in the system's cache. Beside them the matrix as \
    parts of Polars' time to its matrix and to its columns, and the cells of the matrix that are not exactly the \
    numbers that the file was made from.";

/// Reads every table with every reader, and returns the results for a README.
///
/// # Errors
/// When Python or the program cannot be had, and when a cell of Kindling's matrix is not exact.
pub(super) fn run(
    root: &Path,
    folder: &Path,
    python: Option<&Path>,
    threads: usize,
    repeats: usize,
) -> Result<String> {
    let mut notes = Vec::new();
    let python = environment::python(root, folder, python, Packages::Readers, &mut notes)?;
    let arguments = ["--package", "dataset", "--example", "reading"];
    let programs = environment::compile(root, &arguments).context("Kindling's reader")?;
    let kindling = programs
        .get("reading")
        .context("Cargo named no program `reading`")?;
    say!("\nreading: minutes, most of them pandas'");
    let mut command = environment::script(root, &python, "reading.py");
    command
        .arg("--kindling")
        .arg(kindling)
        .arg("--folder")
        .arg(folder.join("reading"))
        .arg("--json")
        .arg(folder.join("reading.json"))
        .args(["--threads", &threads.to_string()])
        .args(["--repeats", &repeats.to_string()])
        .stdout(Stdio::piped());
    let child = command.spawn().context("could not start Python")?;
    let output = child.wait_with_output().context("reading.py")?;
    let table = String::from_utf8_lossy(&output.stdout);
    let header = machine::describe(threads);
    let command = "cargo xtask bench rivals --only reading";
    let mut text = format!("{header}. Repeat with `{command}`.\n\n{LEGEND}\n\n{table}");
    for note in notes {
        text = format!("{text}\n{note}\n");
    }
    fs::write(folder.join("reading.md"), &text).context("reading.md")?;
    if !output.status.success() {
        bail!("{text}\nreading.py failed, or Kindling's numbers are not those of the file");
    }
    Ok(text)
}

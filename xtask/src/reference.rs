//! `cargo xtask reference`: makes the reference values again, with other software.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::process::{self, Show};
use crate::say::{self, say};
use crate::tree;

const FOLDER: &str = "tests/reference";

/// Make the reference values in tests/reference again, with other software.
///
/// The tests only read the stored values. This runs the Python scripts that made them, on demand
/// and never in CI; look at `git diff tests/reference` before committing what they write. The
/// packages that they need, with versions, are in tests/reference/README.md.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask reference             run every script of tests/reference
  cargo xtask reference evaluate    run evaluate.py alone

A virtual environment keeps the packages apart from the system's; PYTHON names its interpreter:
  PYTHON=.venv/bin/python cargo xtask reference")]
pub(crate) struct Args {
    /// Scripts to run, without `.py` (default: all)
    #[arg(value_name = "SCRIPT")]
    names: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = tree::root()?;
    let scripts = chosen(scripts(&root.join(FOLDER))?, &args.names)?;
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    for name in scripts {
        let script = format!("{FOLDER}/{name}.py");
        say!("{python} {script}");
        let mut command = Command::new(&python);
        command.arg(&script).current_dir(&root);
        let outcome = process::run(&name, command, Show::AtOnce)
            .context("the scripts need Python 3.11 or newer; PYTHON=PATH names the interpreter")?;
        if !outcome.success {
            if let Some(package) = missing_package(&outcome.output) {
                say::complain(format!("\n{}", explain(package, &python)));
            }
            return Ok(ExitCode::FAILURE);
        }
    }
    say!("look at what changed: git diff --stat {FOLDER}");
    Ok(ExitCode::SUCCESS)
}

/// The names of the Python scripts in `folder`, in order.
fn scripts(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "py")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The scripts named, or all of them.
fn chosen(scripts: Vec<String>, names: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = names.iter().find(|name| !scripts.contains(name)) {
        bail!(
            "{FOLDER} has no script `{unknown}`; there are: {}",
            scripts.join(", ")
        );
    }
    if scripts.is_empty() {
        bail!("{FOLDER} has no script (*.py)");
    }
    Ok(if names.is_empty() {
        scripts
    } else {
        names.to_vec()
    })
}

/// The package that Python says it lacks.
fn missing_package(output: &str) -> Option<&str> {
    let (_, rest) = output.rsplit_once("No module named '")?;
    rest.split(['\'', '.']).next()
}

fn explain(package: &str, python: &str) -> String {
    format!(
        "{python} lacks the package `{package}`. Reference values come from other software, best\n\
         kept in an environment of its own:\n\n  \
         {python} -m venv .venv\n  \
         .venv/bin/python -m pip install ...      the line is in {FOLDER}/README.md\n  \
         PYTHON=.venv/bin/python cargo xtask reference"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_package_is_named() {
        let output = "Traceback:\nModuleNotFoundError: No module named 'sklearn.linear_model'\n";
        assert_eq!(missing_package(output), Some("sklearn"));
        assert_eq!(missing_package("ZeroDivisionError: division by zero"), None);
        assert!(explain("sklearn", "python3").contains("lacks the package `sklearn`"));
    }

    #[test]
    fn scripts_are_found_and_chosen_by_name() {
        let all = scripts(&tree::root().unwrap().join(FOLDER)).unwrap();
        assert!(all.contains(&"make".to_owned()), "{all:?}");
        assert_eq!(chosen(all.clone(), &[]).unwrap(), all);
        assert_eq!(chosen(all.clone(), &["make".to_owned()]).unwrap(), ["make"]);
        let error = chosen(all, &["mak".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("no script `mak`; there are: "), "{error}");
    }
}

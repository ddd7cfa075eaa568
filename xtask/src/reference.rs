//! `cargo xtask reference`: makes the reference values again, with other software.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::process::{self, Show};
use crate::tree;

const SCRIPT: &str = "tests/reference/make.py";
const REQUIREMENTS: &str = "tests/reference/requirements.txt";

/// Make the reference values in tests/reference again, with other software.
///
/// The tests only read the stored values; this runs the Python script that made them, on demand
/// and never in CI. Look at the difference with `git diff tests/reference` before committing it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask reference                         write all of them again
  PYTHON=.venv/bin/python cargo xtask reference with the packages of a virtual environment
  cargo xtask reference --help-script           what the script itself offers")]
pub(crate) struct Args {
    /// Show the script's own help
    #[arg(long)]
    help_script: bool,
    /// Arguments of the script
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = tree::root()?;
    if !root.join(SCRIPT).exists() {
        bail!("{SCRIPT} is not there: this checkout has no script that makes reference values");
    }
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(&python);
    command.arg(SCRIPT).args(&args.arguments).current_dir(&root);
    if args.help_script {
        command.arg("--help");
    }
    let outcome = process::run("reference", command, Show::AtOnce).with_context(|| {
        format!("the script needs Python 3; PYTHON=PATH names another than `{python}`")
    })?;
    if outcome.success {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(package) = missing_package(&outcome.output) {
        eprintln!("\n{}", explain(package, &python, &root));
    }
    Ok(ExitCode::FAILURE)
}

/// The package that Python says it lacks.
fn missing_package(output: &str) -> Option<&str> {
    let (_, rest) = output.rsplit_once("No module named '")?;
    rest.split(['\'', '.']).next()
}

fn explain(package: &str, python: &str, root: &Path) -> String {
    let install = if root.join(REQUIREMENTS).exists() {
        format!("--requirement {REQUIREMENTS}")
    } else {
        // The name to import is not always the name to install.
        let package = if package == "sklearn" {
            "scikit-learn"
        } else {
            package
        };
        format!("{package}   # and whatever else the head of {SCRIPT} lists")
    };
    format!(
        "{python} lacks the package `{package}`. Reference values come from other software, in an\n\
         environment of its own:\n\
         \n  {python} -m venv .venv\n  .venv/bin/python -m pip install {install}\n  \
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
        let text = explain("sklearn", "python3", Path::new("nowhere"));
        assert!(text.contains("pip install scikit-learn"), "{text}");
    }
}

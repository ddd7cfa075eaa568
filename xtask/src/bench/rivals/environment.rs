//! What the adapters run in: Python with its packages, and the compiled programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::FOLDER;
use super::catalog::{Catalog, Rival};
use crate::process::{self, Show};
use crate::say::say;

/// Which packages Python is to have.
#[derive(Clone, Copy)]
pub(crate) enum Packages {
    Fits,
    Readers,
}

impl Packages {
    /// The file that names them, and the folder that they are installed into.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Fits => ("requirements.txt", "venv"),
            Self::Readers => ("requirements-reading.txt", "venv-reading"),
        }
    }
}

pub(crate) struct Environment {
    pub(crate) root: PathBuf,
    python: PathBuf,
    /// The compiled adapters by name.
    programs: BTreeMap<String, PathBuf>,
    /// What could not be installed or compiled, and why.
    pub(crate) notes: Vec<String>,
}

impl Environment {
    /// Makes what the chosen rivals need, as far as it is not there yet.
    pub(crate) fn prepare(
        root: &Path,
        folder: &Path,
        python: Option<&Path>,
        catalog: &Catalog,
    ) -> Result<Self> {
        let mut notes = Vec::new();
        let python = self::python(root, folder, python, Packages::Fits, &mut notes)?;
        let mut programs = BTreeMap::new();
        if catalog.rivals.iter().any(Rival::is_kindling) {
            let arguments = ["--package", "benches", "--bin", "kindling"];
            programs.extend(compile(root, &arguments).context("Kindling's adapter")?);
        }
        let rust = |rival: &Rival| !rival.is_python() && !rival.is_kindling();
        if catalog.rivals.iter().any(rust) {
            say!("compiling the Rust libraries; Burn takes minutes the first time");
            let manifest = root.join(FOLDER).join("rust/Cargo.toml");
            let (manifest, target) = (manifest.to_string_lossy(), folder.join("rust"));
            let target = target.to_string_lossy();
            let arguments = ["--manifest-path", &manifest, "--target-dir", &target];
            match compile(root, &[&arguments[..], &["--locked"]].concat()) {
                Ok(compiled) => programs.extend(compiled),
                Err(error) => notes.push(format!("the Rust libraries: {error:#}")),
            }
        }
        Ok(Self {
            root: root.to_path_buf(),
            python,
            programs,
            notes,
        })
    }

    /// A script of the folder of rivals, to be started with Python.
    pub(crate) fn script(&self, name: &str) -> Command {
        script(&self.root, &self.python, name)
    }

    /// The adapter of a rival; none where it did not compile.
    pub(crate) fn adapter(&self, rival: &Rival) -> Option<Command> {
        if rival.is_python() {
            return Some(self.script(&rival.adapter));
        }
        self.programs.get(&rival.adapter).map(Command::new)
    }
}

/// A script of the folder of rivals, to be started with this Python.
pub(crate) fn script(root: &Path, python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg("-B") // no compiled scripts beside the scripts
        .arg(root.join(FOLDER).join(name));
    command
}

/// The Python that was given, or that of a virtual environment with every package that installs.
pub(crate) fn python(
    root: &Path,
    folder: &Path,
    given: Option<&Path>,
    packages: Packages,
    notes: &mut Vec<String>,
) -> Result<PathBuf> {
    if let Some(python) = given {
        return Ok(python.to_path_buf());
    }
    let (requirements, venv) = packages.names();
    virtual_environment(root, &folder.join(venv), requirements, notes)
}

/// The Python of a virtual environment with every package of a list that installs.
fn virtual_environment(
    root: &Path,
    venv: &Path,
    list: &str,
    notes: &mut Vec<String>,
) -> Result<PathBuf> {
    let python = if cfg!(windows) {
        venv.join("Scripts/python.exe")
    } else {
        venv.join("bin/python")
    };
    if !python.exists() {
        say!("making {}", venv.display());
        let mut command = Command::new("python3");
        command.args(["-m", "venv"]).arg(venv);
        if !process::run("venv", command, Show::AtOnce)?.success {
            bail!("python3 -m venv failed; --python PATH names an interpreter with the packages");
        }
    }
    // What this file asked for last time is there, or was tried.
    let text = fs::read_to_string(root.join(FOLDER).join(list))?;
    let marker = venv.join(list);
    let failures = venv.join("failures.txt");
    if fs::read_to_string(&marker).is_ok_and(|done| done == text) {
        let failed = fs::read_to_string(&failures).unwrap_or_default();
        notes.extend(failed.lines().map(str::to_owned));
        return Ok(python);
    }
    let (options, packages) = requirements(&text);
    for package in packages {
        say!("installing {package}");
        let mut command = Command::new(&python);
        command
            .args(["-m", "pip", "install", "--quiet"])
            .args(&options)
            .arg(package);
        let outcome = process::run(package, command, Show::Later)?;
        if !outcome.success {
            let reason = outcome.output.trim().lines().last().unwrap_or("no reason");
            notes.push(format!("not installed: {package}: {reason}"));
        }
    }
    fs::write(failures, notes.join("\n"))?;
    fs::write(marker, text)?;
    Ok(python)
}

/// The options for pip and the packages of a list.
fn requirements(text: &str) -> (Vec<&str>, Vec<&str>) {
    let lines = text.lines().map(str::trim);
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let (options, packages): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|line| line.starts_with("--"));
    let options = options.into_iter().flat_map(str::split_whitespace);
    (options.collect(), packages)
}

/// Compiles programs and says where they are.
pub(crate) fn compile(root: &Path, arguments: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    let mut command = process::cargo();
    command
        .args(["build", "--release"])
        .arg("--message-format=json-render-diagnostics")
        .args(arguments)
        .current_dir(root)
        .stderr(std::process::Stdio::inherit());
    let output = command.output().context("could not start `cargo`")?;
    if !output.status.success() {
        bail!("cargo build failed; its words are above");
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(program)
        .collect())
}

/// Name and path of a program from a line of Cargo's messages.
fn program(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message.get("executable")?.as_str()?;
    let name = message.get("target")?.get("name")?.as_str()?;
    Some((name.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_options_and_packages() {
        let text = "# why\n--extra-index-url https://x.org\n\nnumpy==2.0\nscipy==1.0\n";
        let (options, packages) = requirements(text);
        assert_eq!(options, ["--extra-index-url", "https://x.org"]);
        assert_eq!(packages, ["numpy==2.0", "scipy==1.0"]);
    }

    #[test]
    fn programs_are_found_among_the_messages() {
        let line =
            r#"{"reason":"compiler-artifact","target":{"name":"linfa"},"executable":"t/linfa"}"#;
        assert_eq!(
            program(line),
            Some(("linfa".to_owned(), PathBuf::from("t/linfa")))
        );
        assert_eq!(program(r#"{"reason":"build-finished"}"#), None);
        let library = r#"{"target":{"name":"serde"},"executable":null}"#;
        assert_eq!(program(library), None);
    }
}

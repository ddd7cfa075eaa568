//! `cargo xtask tidy`: the rules of this repository, each a small file that tests itself.

mod allows;
mod arrows;
mod backends;
mod code;
mod features;
mod leftovers;
mod lengths;
mod manifests;
mod names;
mod paths;
mod silence;
mod tables;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::say;
use crate::tree::{self, File};

/// Test the rules of this repository.
///
/// Every violation is one line, `path:line: what, why`; the exit code is 1 when there is any.
#[derive(clap::Args)]
#[command(after_help = "The rules:
  arrows     crates depend on each other only as ARCHITECTURE.md draws it; Burn stays where it is
  manifests  versions only in [workspace.dependencies]; every member has [lints] workspace = true
  features   `train` and `infer` ask for the same features of every package that they share
  names      no file is called utils, helpers, common, misc, base or manager
  lengths    lib.rs has at most 60 lines, any other file 600
  silence    library modules neither print, nor exit, nor parse arguments
  backends   only crates/model/src/device.rs names a backend
  leftovers  no unsafe, todo!() or unimplemented!()
  allows     every allowed lint gives its reason
  paths      no path of somebody's machine
  tables     datasets/catalog.toml is true of the files

Each is a file in xtask/src/tidy/; add a rule there, with a test that it finds what it forbids.")]
pub(crate) struct Args {}

/// One line of the report.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) why: &'static str,
}

impl Violation {
    pub(crate) fn new(
        file: &File,
        line: usize,
        what: impl Into<String>,
        why: &'static str,
    ) -> Self {
        Self {
            path: file.path.clone(),
            line,
            what: what.into(),
            why,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}: {}, {}",
            self.path, self.line, self.what, self.why
        )
    }
}

pub(crate) fn run(_: &Args) -> Result<ExitCode> {
    let (report, success) = report()?;
    say::bytes(report.as_bytes())?;
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Tests every rule; the lines to print, and whether nothing was found.
pub(crate) fn report() -> Result<(String, bool)> {
    let root = tree::root()?;
    let files = tree::files(&root)?;
    let selections = features::selections(&root)?;
    let violations = check(&root, &files, &selections)?;
    let mut lines: Vec<String> = violations.iter().map(Violation::to_string).collect();
    lines.push(match violations.len() {
        0 => format!("{} files, no violation", files.len()),
        1 => "1 violation".to_owned(),
        count => format!("{count} violations"),
    });
    Ok((lines.join("\n") + "\n", violations.is_empty()))
}

fn check(
    root: &Path,
    files: &[File],
    selections: &[features::Selection],
) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    violations.extend(arrows::check(files)?);
    violations.extend(manifests::check(files)?);
    violations.extend(features::check(files, selections));
    violations.extend(names::check(files));
    violations.extend(lengths::check(files));
    violations.extend(silence::check(files));
    violations.extend(backends::check(files));
    violations.extend(leftovers::check(files));
    violations.extend(allows::check(files));
    violations.extend(paths::check(files));
    violations.extend(tables::check(root)?);
    violations.sort();
    violations.dedup();
    Ok(violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line_that_editors_understand() {
        let file = File::new("crates/a/src/b.rs", "");
        let violation = Violation::new(&file, 3, "`todo!`", "unfinished code is no result");
        let line = "crates/a/src/b.rs:3: `todo!`, unfinished code is no result";
        assert_eq!(violation.to_string(), line);
    }

    #[test]
    fn every_rule_is_asked() {
        let root = std::env::temp_dir().join(format!("kindling-tidy-{}", std::process::id()));
        std::fs::create_dir_all(root.join("datasets")).unwrap();
        std::fs::write(root.join("datasets/catalog.toml"), "").unwrap();
        std::fs::write(root.join("datasets/stray.csv"), "x\n1\n").unwrap();
        let manifest = "[package]\nname = \"solver\"\n[dependencies]\nburn = \"1\"\n\
                        [lints]\nworkspace = true\n";
        let files = [
            ("crates/solver/Cargo.toml", manifest.to_owned()), // arrows and manifests
            ("crates/solver/src/utils.rs", String::new()),
            ("crates/solver/src/lib.rs", "\n".repeat(61)),
            ("crates/solver/src/a.rs", "fn f() { println!() }".to_owned()),
            (
                "crates/solver/src/b.rs",
                "fn f() { Device::wgpu() }".to_owned(),
            ),
            ("crates/solver/src/c.rs", "fn f() { todo!() }".to_owned()),
            ("crates/solver/src/d.rs", "#[allow(dead_code)]".to_owned()),
            ("crates/solver/src/e.rs", format!("// /{}/me", "home")),
        ]
        .map(|(path, text)| File::new(path, text));
        let tree =
            |package, features| features::Selection::new("--features wgpu", package, features);
        let selections = [
            tree("train", "burn v1.0.0 [optim,std]\n"),
            tree("infer", "burn v1.0.0 [std]\n"),
        ];
        let violations = check(&root, &files, &selections);
        std::fs::remove_dir_all(&root).unwrap();
        let lines: Vec<String> = violations
            .unwrap()
            .iter()
            .map(Violation::to_string)
            .collect();
        assert_eq!(lines.len(), 11, "{lines:#?}");
        for found in [
            "Cargo.toml:4: `solver` depends on `burn`",
            "Cargo.toml:4: the dependency `burn` has its own version",
            "crates/infer/Cargo.toml:1: burn v1.0.0",
            "utils.rs:1: the name",
            "lib.rs:61: 61 lines",
            "a.rs:1: `println!`",
            "b.rs:1: `Device::wgpu`",
            "c.rs:1: `todo!`",
            "d.rs:1: `allow(",
            "e.rs:1: a path under",
            "catalog.toml:1: stray.csv",
        ] {
            assert!(
                lines.iter().any(|line| line.contains(found)),
                "{found}: {lines:#?}"
            );
        }
    }
}

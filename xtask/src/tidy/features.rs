//! The programs ask for the same features of every package that they share.
//!
//! Cargo compiles a package once for each set of features, and everything above it again with it:
//! where `train` and `infer` differ, `cargo run -p infer` after `cargo run -p train` compiles much
//! of Burn a second time, which takes minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, bail};

use super::Violation;
use crate::process;
use crate::tree::File;

/// The programs, and the manifest that a difference is reported at.
const PROGRAMS: [&str; 2] = ["train", "infer"];
const MANIFEST: &str = "crates/infer/Cargo.toml";

/// What people type after `cargo run -p PROGRAM`.
const WAYS: [&[&str]; 2] = [&[], &["--features", "wgpu"]];

const WHY: &str =
    "Burn would be compiled again for the other program; ask for the same features in both";

/// The packages of one program, as Cargo selects their features.
pub(crate) struct Selection {
    /// The arguments behind it, such as `--features wgpu`.
    way: String,
    program: String,
    /// The sets of features of each package. One that build scripts use too can have two.
    packages: BTreeMap<String, BTreeSet<String>>,
}

impl Selection {
    /// From the lines `NAME vVERSION [FEATURE,FEATURE]` of `cargo tree`.
    pub(crate) fn new(way: &str, program: &str, tree: &str) -> Self {
        let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in tree.lines() {
            // A package that stands further up is marked with `(*)`.
            let line = line.trim_end_matches("(*)").trim_end();
            if let Some((package, features)) = line.rsplit_once(" [") {
                let features = features.trim_end_matches(']').to_owned();
                packages
                    .entry(package.to_owned())
                    .or_default()
                    .insert(features);
            }
        }
        Self {
            way: way.to_owned(),
            program: program.to_owned(),
            packages,
        }
    }
}

/// Asks Cargo for every program and every way to build it, all at once: a second together.
///
/// # Errors
/// When Cargo cannot say, with its words.
pub(crate) fn selections(root: &Path) -> Result<Vec<Selection>> {
    let asked = WAYS
        .iter()
        .flat_map(|way| PROGRAMS.map(|program| (*way, program)));
    thread::scope(|scope| {
        let running: Vec<_> = asked
            .map(|(way, program)| scope.spawn(move || selection(root, way, program)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("asking Cargo does not panic"))
            .collect()
    })
}

fn selection(root: &Path, way: &[&str], program: &str) -> Result<Selection> {
    let output = process::cargo()
        .args(["tree", "--package", program, "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p} [{f}]"])
        .args(way)
        .current_dir(root)
        .output()
        .context("could not start `cargo tree`")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("cargo tree --package {program} failed:\n{}", words.trim());
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    Ok(Selection::new(&way.join(" "), program, &tree))
}

/// Compares the programs, each way of building them on its own.
pub(crate) fn check(files: &[File], selections: &[Selection]) -> Vec<Violation> {
    let manifest = files.iter().find(|file| file.path == MANIFEST);
    let nowhere = File::new(MANIFEST, "");
    let mut violations = Vec::new();
    for (index, one) in selections.iter().enumerate() {
        for other in selections[index + 1..].iter().filter(|o| o.way == one.way) {
            violations.extend(differences(one, other).into_iter().map(|what| {
                let file = manifest.unwrap_or(&nowhere);
                Violation::new(file, 1, what, WHY)
            }));
        }
    }
    violations
}

/// A line for every package that both select, but with other features.
fn differences(one: &Selection, other: &Selection) -> Vec<String> {
    let way = if one.way.is_empty() {
        String::new()
    } else {
        format!(" with {}", one.way)
    };
    let mut lines = Vec::new();
    for (package, features) in &one.packages {
        if let Some(others) = other.packages.get(package).filter(|o| *o != features) {
            lines.push(format!(
                "{package}{way}: `{}` selects {}, `{}` selects {}",
                one.program,
                listed(features),
                other.program,
                listed(others)
            ));
        }
    }
    lines
}

fn listed(sets: &BTreeSet<String>) -> String {
    let sets: Vec<String> = sets.iter().map(|set| format!("[{set}]")).collect();
    sets.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(train: &str, infer: &str) -> Vec<String> {
        let selections = [
            Selection::new("", "train", train),
            Selection::new("", "infer", infer),
        ];
        check(&[], &selections)
            .into_iter()
            .map(|violation| violation.what)
            .collect()
    }

    #[test]
    fn the_same_features_pass_whatever_else_each_uses() {
        let train = "train v0.1.0 (crates/train) [flex]\nburn v1.0.0 [optim,std]\nfaer v2.0.0 []\n";
        let infer = "infer v0.1.0 (crates/infer) [flex]\nburn v1.0.0 [optim,std] (*)\n\
                     csv v1.0.0 [default]\n";
        assert_eq!(found(train, infer), [""; 0]);
    }

    #[test]
    fn a_difference_names_the_package_and_the_features_of_both() {
        let train = "burn v1.0.0 [optim,std]\nserde v1.0.0 [derive]\n";
        let infer = "burn v1.0.0 [std]\nserde v1.0.0 [derive]\n";
        let line = "burn v1.0.0: `train` selects [optim,std], `infer` selects [std]";
        assert_eq!(found(train, infer), [line]);
    }

    #[test]
    fn a_package_of_build_scripts_is_compared_in_all_its_forms() {
        let both = "num v1.0.0 []\nnum v1.0.0 [std]\nnum v1.0.0 [] (*)\n";
        assert_eq!(found(both, both), [""; 0]);
        let line = "num v1.0.0: `train` selects [] and [std], `infer` selects [std]";
        assert_eq!(found(both, "num v1.0.0 [std]\n"), [line]);
    }

    #[test]
    fn versions_and_ways_of_building_are_compared_with_their_like() {
        assert_eq!(found("rand v1.0.0 [std]\n", "rand v2.0.0 []\n"), [""; 0]);
        let selections = [
            Selection::new("", "train", "burn v1.0.0 [std]\n"),
            Selection::new("--features wgpu", "train", "burn v1.0.0 [std,wgpu]\n"),
            Selection::new("", "infer", "burn v1.0.0 [std]\n"),
            Selection::new("--features wgpu", "infer", "burn v1.0.0 [std]\n"),
        ];
        let violations = check(&[], &selections);
        let line = "burn v1.0.0 with --features wgpu: `train` selects [std,wgpu], \
                    `infer` selects [std]";
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].what, line);
    }

    #[test]
    fn the_programs_of_this_workspace_are_asked() {
        let selections = selections(&crate::tree::root().unwrap()).unwrap();
        assert_eq!(selections.len(), PROGRAMS.len() * WAYS.len());
        for selection in &selections {
            let burn = selection.packages.keys().any(|p| p.starts_with("burn v"));
            assert!(burn, "{} {}", selection.program, selection.way);
        }
    }
}

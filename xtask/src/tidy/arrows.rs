//! The arrows between crates, and where Burn may be.
//!
//! ```text
//!                 train
//!           solver      infer
//!      dataset   evaluate   model   terminal
//! ```

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Violation;
use super::manifests::line_of;
use crate::tree::File;

/// What each crate may depend on within the workspace. Tests, benches and examples are the
/// outside: they may see any crate (examples: `model` alone), and no crate may see them.
const ARROWS: [(&str, &[&str]); 7] = [
    ("dataset", &[]),
    ("evaluate", &[]),
    ("model", &[]),
    ("terminal", &[]),
    ("solver", &["dataset"]),
    ("infer", &["dataset", "evaluate", "model", "terminal"]),
    (
        "train",
        &["solver", "dataset", "evaluate", "model", "terminal"],
    ),
];

/// The crates that may know Burn; the examples may too.
const BURN: [&str; 4] = ["model", "train", "infer", "tests"];

const ARROW: &str = "the arrows between crates point only downwards (ARCHITECTURE.md)";
const NO_BURN: &str = "it must build and test in seconds, without Burn";
const EXAMPLE: &str = "an example shows that `model` and Burn are enough";
const CHORES: &str = "the chores must build in seconds, before anything else does";
const PLACE: &str = "a new crate needs its place in xtask/src/tidy/arrows.rs and ARCHITECTURE.md";

/// Tests the manifest of every member; development dependencies only for Burn.
pub(crate) fn check(files: &[File]) -> Result<Vec<Violation>> {
    let members = members(files)?;
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut violations = Vec::new();
    for member in &members {
        let crate_arrows = ARROWS.iter().find(|(name, _)| *name == member.name);
        let is_crate = member.file.path.starts_with("crates/");
        if is_crate && crate_arrows.is_none() {
            let what = format!("the crate `{}` is unknown", member.name);
            violations.push(Violation::new(member.file, 1, what, PLACE));
        }
        for dependency in &member.dependencies {
            let package = dependency.package.as_str();
            let internal = names.contains(&package);
            let why = if member.file.path.starts_with("examples/") {
                let allowed = package == "model" || is_burn(package);
                (!allowed && !dependency.development).then_some(EXAMPLE)
            } else if is_burn(package) {
                (!BURN.contains(&member.name.as_str())).then_some(NO_BURN)
            } else if dependency.development || !internal {
                None
            } else if member.name == "xtask" {
                Some(CHORES)
            } else {
                let allowed = crate_arrows.map_or(&[] as &[&str], |(_, allowed)| allowed);
                (is_crate && !allowed.contains(&package)).then_some(ARROW)
            };
            if let Some(why) = why {
                let line = line_of(&member.file.text, &dependency.section, &dependency.key);
                let what = format!("`{}` depends on `{package}`", member.name);
                violations.push(Violation::new(member.file, line, what, why));
            }
        }
    }
    Ok(violations)
}

fn is_burn(package: &str) -> bool {
    package == "burn" || package.starts_with("burn-") || package.starts_with("cubecl")
}

struct Member<'a> {
    file: &'a File,
    name: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    /// The section of the manifest, such as `dependencies`.
    section: String,
    /// The name in the manifest.
    key: String,
    /// The name of the package, which may be another.
    package: String,
    development: bool,
}

fn members(files: &[File]) -> Result<Vec<Member<'_>>> {
    let manifests = files.iter().filter(|file| file.is_member_manifest());
    manifests
        .map(|file| member(file).with_context(|| file.path.clone()))
        .collect()
}

fn member(file: &File) -> Result<Member<'_>> {
    let manifest: Table = file.text.parse()?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    let name = name
        .and_then(Value::as_str)
        .context("no package name")?
        .to_owned();
    let mut dependencies = of_table(&manifest, "");
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        for (target, table) in targets {
            if let Some(table) = table.as_table() {
                dependencies.extend(of_table(table, &format!("target.{target}.")));
            }
        }
    }
    Ok(Member {
        file,
        name,
        dependencies,
    })
}

fn of_table(table: &Table, prefix: &str) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
        for (key, value) in table
            .get(section)
            .and_then(Value::as_table)
            .into_iter()
            .flatten()
        {
            let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
            dependencies.push(Dependency {
                section: format!("{prefix}{section}"),
                key: key.clone(),
                package: package.to_owned(),
                development: section == "dev-dependencies",
            });
        }
    }
    dependencies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(folder: &str, rest: &str) -> File {
        let name = folder.rsplit('/').next().unwrap();
        let text = format!("[package]\nname = \"{name}\"\n{rest}");
        File::new(format!("{folder}/Cargo.toml"), text)
    }

    fn clean() -> Vec<File> {
        vec![
            manifest("crates/dataset", "[dependencies]\ncsv.workspace = true\n"),
            manifest("crates/evaluate", ""),
            manifest("crates/model", "[dependencies]\nburn.workspace = true\n"),
            manifest("crates/terminal", ""),
            manifest(
                "crates/solver",
                "[dependencies]\ndataset.workspace = true\n",
            ),
            manifest(
                "crates/infer",
                "[dependencies]\ndataset.workspace = true\nevaluate.workspace = true\n\
                 model = { workspace = true }\nburn = { workspace = true }\n\
                 terminal.workspace = true\n",
            ),
            manifest(
                "crates/train",
                "[dependencies]\nsolver.workspace = true\ndataset.workspace = true\n\
                 evaluate.workspace = true\nmodel.workspace = true\nburn.workspace = true\n\
                 terminal.workspace = true\n\
                 [dev-dependencies]\ninfer.workspace = true\n",
            ),
            manifest(
                "tests",
                "[dev-dependencies]\ntrain.workspace = true\nburn.workspace = true\n",
            ),
            manifest("benches", "[dev-dependencies]\nsolver.workspace = true\n"),
            manifest(
                "examples/one",
                "[dependencies]\nmodel.workspace = true\nburn.workspace = true\n",
            ),
            manifest("xtask", "[dependencies]\ntoml.workspace = true\n"),
        ]
    }

    fn found(folder: &str, rest: &str) -> Vec<Violation> {
        let mut files = clean();
        files.retain(|file| file.path != format!("{folder}/Cargo.toml"));
        files.push(manifest(folder, rest));
        check(&files).unwrap()
    }

    #[test]
    fn the_drawn_arrows_pass() {
        assert_eq!(check(&clean()).unwrap(), []);
    }

    #[test]
    fn an_arrow_upwards_or_sideways_is_found() {
        let found_one = found(
            "crates/dataset",
            "[dependencies]\ncsv.workspace = true\nsolver.workspace = true\n",
        );
        assert_eq!(found_one.len(), 1);
        assert_eq!(found_one[0].line, 5);
        assert_eq!(found_one[0].what, "`dataset` depends on `solver`");
        assert_eq!(
            found("crates/model", "[dependencies]\ndataset.workspace = true\n").len(),
            1
        );
        assert_eq!(
            found("crates/infer", "[dependencies]\nsolver.workspace = true\n").len(),
            1
        );
        assert_eq!(
            found("crates/infer", "[dependencies]\ntrain.workspace = true\n").len(),
            1
        );
        let terminal = "[dependencies]\nterminal.workspace = true\n";
        assert_eq!(found("crates/model", terminal).len(), 1);
        assert_eq!(found("crates/solver", terminal).len(), 1);
        let model = "[dependencies]\nmodel.workspace = true\n";
        assert_eq!(found("crates/terminal", model).len(), 1);
        assert_eq!(
            found(
                "crates/solver",
                "[build-dependencies]\nevaluate.workspace = true\n"
            )
            .len(),
            1
        );
        let renamed = "[dependencies]\nrows = { package = \"dataset\", path = \"x\" }\n";
        assert_eq!(found("crates/evaluate", renamed).len(), 1);
        let by_target = "[target.'cfg(unix)'.dependencies]\nmodel.workspace = true\n";
        assert_eq!(found("crates/evaluate", by_target).len(), 1);
    }

    #[test]
    fn burn_in_the_numerics_is_found_even_for_tests() {
        assert_eq!(
            found("crates/solver", "[dependencies]\nburn.workspace = true\n")[0].why,
            NO_BURN
        );
        assert_eq!(
            found(
                "crates/dataset",
                "[dev-dependencies]\nburn.workspace = true\n"
            )
            .len(),
            1
        );
        assert_eq!(
            found(
                "crates/evaluate",
                "[dependencies]\nburn-flex.workspace = true\n"
            )
            .len(),
            1
        );
    }

    #[test]
    fn examples_and_chores_stay_small() {
        let example = "[dependencies]\nmodel.workspace = true\nanyhow.workspace = true\n";
        assert_eq!(found("examples/one", example)[0].why, EXAMPLE);
        assert_eq!(
            found("xtask", "[dependencies]\ndataset.workspace = true\n")[0].why,
            CHORES
        );
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert_eq!(found("crates/plot", "")[0].why, PLACE);
    }
}

//! Names of files and folders: nouns of the field, never drawers for odds and ends.

use super::Violation;
use crate::tree::File;

/// Never the whole name.
const WHOLE: [&str; 6] = ["utils", "helpers", "common", "misc", "base", "manager"];

/// Never the last word of a name either (`string_utils`, `run_manager`).
const LAST: [&str; 6] = ["util", "utils", "helper", "helpers", "misc", "manager"];

const WHY: &str = "name the idea that it holds (loss, penalty, split), or move its parts to theirs";

/// Tests every part of every path.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part).to_lowercase();
            let last = stem.rsplit(['_', '-']).next().unwrap_or(&stem);
            if WHOLE.contains(&stem.as_str()) || LAST.contains(&last) {
                violations.push(Violation::new(file, 1, format!("the name `{part}`"), WHY));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> usize {
        check(&[File::new(path, "")]).len()
    }

    #[test]
    fn names_of_the_field_pass() {
        for path in [
            "crates/solver/src/line_search.rs",
            "a/base_rate.rs",
            "a/commons.md",
        ] {
            assert_eq!(found(path), 0, "{path}");
        }
    }

    #[test]
    fn drawers_are_found() {
        for path in [
            "crates/a/src/utils.rs",
            "tests/common/mod.rs",
            "a/helpers.py",
            "a/string_utils.rs",
            "a/run-manager.rs",
            "a/misc.rs",
            "a/base.rs",
            "a/Manager.rs",
        ] {
            assert_eq!(found(path), 1, "{path}");
        }
    }
}

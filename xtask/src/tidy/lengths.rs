//! Lengths of Rust files.

use super::Violation;
use crate::tree::File;

/// Lines of a `lib.rs`: documentation, modules in reading order, a few names passed on.
const LIB: usize = 60;
/// Lines of any other file, tests included; 400 is the aim.
const FILE: usize = 600;

const LIB_WHY: &str = "it holds documentation, the modules in reading order and few re-exports";
const FILE_WHY: &str = "split it by concept; one file holds one idea";

/// Tests every Rust file.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.text.lines().count();
        let (most, why) = if file.name() == "lib.rs" {
            (LIB, LIB_WHY)
        } else {
            (FILE, FILE_WHY)
        };
        if lines > most {
            let what = format!("{lines} lines, at most {most}");
            violations.push(Violation::new(file, most + 1, what, why));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, lines: usize) -> usize {
        check(&[File::new(path, "x\n".repeat(lines))]).len()
    }

    #[test]
    fn the_limits_themselves_pass() {
        assert_eq!(found("crates/a/src/lib.rs", 60), 0);
        assert_eq!(found("crates/a/src/loss.rs", 600), 0);
        assert_eq!(found("README.md", 2000), 0);
    }

    #[test]
    fn one_line_more_is_found() {
        assert_eq!(found("crates/a/src/lib.rs", 61), 1);
        assert_eq!(found("crates/a/src/loss.rs", 601), 1);
    }
}

//! No path of somebody's machine: it helps no one else, and tells on its owner.

use super::{Violation, code};
use crate::tree::File;

/// Folders under which people keep their own things. The strings are put together here so that
/// this file does not find itself.
const HOMES: [&str; 8] = [
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "Users/"),
    concat!("/", "mnt/"),
    concat!("/", "scratch/"),
    concat!("/", "work/"),
    concat!("/", "workspace/"),
    concat!(":\\", "Users\\"),
];

const WHY: &str = "write it relative to the repository, or as an option";

/// Tests every text file.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        for home in HOMES {
            for (start, _) in file.text.match_indices(home) {
                if is_absolute(&file.text[..start], home) {
                    let line = code::line_of(&file.text, start);
                    let what = format!("a path under `{home}`");
                    violations.push(Violation::new(file, line, what, WHY));
                }
            }
        }
    }
    violations
}

/// Whether the folder found after `before` starts a path, and is not the middle of an address or
/// of a relative path.
fn is_absolute(before: &str, home: &str) -> bool {
    home.starts_with(':')
        || !before.ends_with(|c: char| c.is_alphanumeric() || "_-.~/}*)".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&[File::new("a.md", text)]).len()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for home in HOMES {
            assert_eq!(
                found(&format!("see C{home}someone/table.csv")),
                usize::from(home.starts_with(':'))
            );
            assert_eq!(found(&format!("open(\"{home}someone\")")), 1, "{home}");
        }
        let text = format!("one\ntwo {}x\n", HOMES[0]);
        assert_eq!(check(&[File::new("a.md", text)])[0].line, 2);
    }

    #[test]
    fn other_paths_pass() {
        assert_eq!(
            found("$HOME/.cache, ~/x, ../shared/work/x, https://a.org/home/x, /tmp/x"),
            0
        );
    }
}

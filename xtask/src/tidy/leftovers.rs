//! Code that must not be there at all.

use super::{Violation, code};
use crate::tree::File;

const SAFE: &str = "the workspace promises safe Rust";
const FINISHED: &str = "leave seams, not stubs";

const FORBIDDEN: [(&str, &str); 3] = [
    ("unsafe", SAFE),
    ("todo!", FINISHED),
    ("unimplemented!", FINISHED),
];

/// Tests every Rust file.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let code = code::code(&file.text);
        for (word, why) in FORBIDDEN {
            for line in code::lines_with(&code, word) {
                violations.push(Violation::new(file, line, format!("`{word}`"), why));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_found() {
        let text = "fn f() {\n    unsafe { g() }\n    todo!()\n    unimplemented!(\"later\")\n}\n";
        let lines: Vec<usize> = check(&[File::new("a.rs", text)])
            .iter()
            .map(|violation| violation.line)
            .collect();
        assert_eq!(lines, [2, 3, 4]);
    }

    #[test]
    fn words_about_them_pass() {
        let text = "#![forbid(unsafe_code)]\n// todo!() unsafe\nlet a = \"unimplemented!\";\n";
        assert_eq!(
            check(&[File::new("a.rs", text), File::new("a.md", "unsafe")]),
            []
        );
    }
}

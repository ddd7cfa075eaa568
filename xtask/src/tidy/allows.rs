//! Every lint that is switched off in the code says why.

use super::{Violation, code};
use crate::tree::File;

const WHY: &str = "write the reason: `#[allow(lint, reason = \"...\")]`";

/// Tests every attribute of every Rust file.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let code = code::code(&file.text);
        for (start, _) in code.match_indices('#') {
            let attribute = code::attribute(&code[start..]);
            for word in ["allow(", "expect("] {
                let used = code::places(attribute, word).next().is_some();
                if used && code::places(attribute, "reason").next().is_none() {
                    let what = format!("`{word}...)` without a reason");
                    let line = code::line_of(&code, start);
                    violations.push(Violation::new(file, line, what, WHY));
                }
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let violations = check(&[File::new("a.rs", text)]);
        violations
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn silent_allows_are_found() {
        let text = "#![allow(dead_code)]\n#[allow(clippy::a,\n    clippy::b)]\nfn f() {}\n\
                    #[expect(unused)]\n#[cfg_attr(test, allow(unused))]\nfn g() {}\n";
        assert_eq!(lines(text), [1, 2, 5, 6]);
    }

    #[test]
    fn reasons_pass_and_so_does_everything_else() {
        let text = "#![allow(\n    a,\n    reason = \"because\"\n)]\n#[derive(Debug)]\n\
                    fn f(v: [u8; 1]) { v.first().expect(\"one\"); allow(v[0]); r#type(); }\n\
                    // #[allow(a)]\n";
        assert_eq!(lines(text), [0; 0]);
    }
}

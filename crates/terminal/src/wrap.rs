//! Lines of at most 80 columns.

/// The width that every terminal has.
const WIDTH: usize = 80;
/// Width of the names in the margin of a summary.
const MARGIN: usize = 16;

/// A line of a summary: a name in the margin, and its content wrapped beside it.
pub fn line(name: &str, content: &str) -> String {
    let first = if name.chars().count() < MARGIN {
        format!("{name:MARGIN$}")
    } else {
        format!("{name}  ")
    };
    wrap(&first, &" ".repeat(MARGIN), content) + "\n"
}

/// Breaks `text` at blanks into lines of at most 80 columns; the first begins with `first`, the
/// others with `rest`. A word that is longer keeps a line of its own.
pub fn wrap(first: &str, rest: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split([' ', '\n']) {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(line.trim_end());
            lines.push('\n');
            rest.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines + line.trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_keep_their_indent() {
        let text = "word ".repeat(30);
        let wrapped = wrap("note   ", "       ", text.trim());
        for line in wrapped.lines() {
            assert!(
                line.len() <= 80 && line.len() > 60 || line.ends_with("word"),
                "{line}"
            );
        }
        assert_eq!(wrapped.lines().count(), 3);
        assert!(wrapped.lines().nth(1).unwrap().starts_with("       word"));
    }

    #[test]
    fn a_long_word_stays_whole() {
        assert_eq!(
            wrap("a ", "  ", &"x".repeat(100)),
            format!("a {}", "x".repeat(100))
        );
    }
}

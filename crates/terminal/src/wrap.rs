//! Lines of at most 80 columns.

/// The width that every terminal has.
const WIDTH: usize = 80;
/// Width of the names in the margin of a summary.
pub const MARGIN: usize = 16;

/// A line of a summary: a name in the margin, and its content wrapped beside it; ends the line.
///
/// # Examples
/// ```
/// assert_eq!(terminal::line("status", "converged"), "status          converged\n");
/// ```
pub fn line(name: &str, content: &str) -> String {
    let first = if name.chars().count() < MARGIN {
        format!("{name:MARGIN$}")
    } else {
        format!("{name}  ")
    };
    wrap(&first, &" ".repeat(MARGIN), content) + "\n"
}

/// Breaks `text` at blanks into lines of at most 80 columns; the first begins with `first`, the
/// others with `rest`. A word that is longer keeps a line of its own; line breaks stay.
///
/// # Examples
/// ```
/// let text = terminal::wrap("try    ", "       ", "correct the cell,\nor drop the column");
/// assert_eq!(text, "try    correct the cell,\n       or drop the column");
/// ```
pub fn wrap(first: &str, rest: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for (paragraph, text) in text.split('\n').enumerate() {
        for (place, word) in text.split(' ').enumerate() {
            let full = !empty && line.chars().count() + 1 + word.chars().count() > WIDTH;
            if full || (paragraph > 0 && place == 0) {
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
    fn a_line_of_exactly_eighty_columns_is_not_broken() {
        let text = format!("{} {}", "a".repeat(40), "é".repeat(37));
        assert_eq!(wrap("- ", "  ", &text), format!("- {text}"));
        assert_eq!(wrap("-- ", "  ", &text).lines().count(), 2);
    }

    #[test]
    fn a_summary_has_its_names_in_the_margin() {
        assert_eq!(
            line("wrote", "runs/latest"),
            "wrote           runs/latest\n"
        );
        assert_eq!(line("a_name_of_16_chs", "x"), "a_name_of_16_chs  x\n");
    }

    #[test]
    fn a_long_word_stays_whole() {
        assert_eq!(
            wrap("a ", "  ", &"x".repeat(100)),
            format!("a {}", "x".repeat(100))
        );
    }
}

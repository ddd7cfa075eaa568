//! Rust text with comments and literals blanked out, so that rules see only code.

use std::ops::Range;

/// `text` with the contents of comments, strings and characters replaced by spaces; every line
/// keeps its number.
pub(crate) fn code(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = literal_or_comment(&characters, at);
        if end > at {
            code.extend(
                characters[at..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        } else if is_word(characters[at]) {
            // A whole word at once, so that the `r` of `for"` never starts a raw string.
            while at < characters.len() && is_word(characters[at]) {
                code.push(characters[at]);
                at += 1;
            }
        } else {
            code.push(characters[at]);
            at += 1;
        }
    }
    code
}

/// `code` with every item under `#[cfg(test)]` blanked out as well.
pub(crate) fn without_tests(code: &str) -> String {
    let mut rest = code;
    let mut kept = String::with_capacity(code.len());
    while let Some(start) = places(rest, "#").map(|place| place.start).find(|start| {
        let attribute = attribute(&rest[*start..]);
        attribute.starts_with("[cfg(")
            && lines_with(attribute, "test").len() > lines_with(attribute, "not(test").len()
    }) {
        let end = start + item_length(&rest[start..]);
        kept.push_str(&rest[..start]);
        kept.extend(
            rest[start..end]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        rest = &rest[end..];
    }
    kept + rest
}

/// The line numbers on which `word` stands on its own (`print!` is not in `eprint!`).
pub(crate) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    places(code, word)
        .map(|place| line_of(code, place.start))
        .collect()
}

/// Where `word` stands on its own.
pub(crate) fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let open_end = word.ends_with(is_word);
    code.match_indices(word)
        .map(|(start, found)| start..start + found.len())
        .filter(move |place| {
            let before = code[..place.start].chars().next_back();
            let after = code[place.end..].chars().next();
            !(before.is_some_and(is_word) || open_end && after.is_some_and(is_word))
        })
}

/// The number, from 1, of the line that holds byte `position`.
pub(crate) fn line_of(text: &str, position: usize) -> usize {
    1 + text[..position].matches('\n').count()
}

/// The identifier that `text` begins with, possibly empty.
pub(crate) fn identifier(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// The attribute that `code` begins with, `#[...]` or `#![...]`; empty when it begins with none.
pub(crate) fn attribute(code: &str) -> &str {
    let inner = code
        .strip_prefix("#!")
        .or_else(|| code.strip_prefix('#'))
        .unwrap_or_default();
    if !inner.starts_with('[') {
        return "";
    }
    let mut depth = 0_usize;
    for (position, character) in inner.char_indices() {
        match character {
            '[' => depth += 1,
            ']' if depth == 1 => return &inner[..=position],
            ']' => depth -= 1,
            _ => {}
        }
    }
    inner
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The end of the comment or literal that starts at `at`, or `at` when none does.
fn literal_or_comment(text: &[char], at: usize) -> usize {
    let next = |ahead: usize| text.get(at + ahead).copied();
    match (text[at], next(1)) {
        ('/', Some('/')) => text[at..]
            .iter()
            .position(|c| *c == '\n')
            .map_or(text.len(), |length| at + length),
        ('/', Some('*')) => end_of_block_comment(text, at),
        ('"', _) => end_of_quoted(text, at, '"'),
        ('\'', Some('\\')) => end_of_quoted(text, at, '\''),
        ('\'', Some(_)) if next(2) == Some('\'') => at + 3,
        ('r', _) => end_of_raw_string(text, at, 1),
        ('b' | 'c', Some('r')) => end_of_raw_string(text, at, 2),
        ('b' | 'c', Some('"')) => end_of_quoted(text, at + 1, '"'),
        _ => at,
    }
}

/// The end of the text that `quote` opens at `open`.
fn end_of_quoted(text: &[char], open: usize, quote: char) -> usize {
    let mut at = open + 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The end of the raw string whose prefix (`r`, `br`, `cr`) starts at `at`, or `at` if it is a name.
fn end_of_raw_string(text: &[char], at: usize, prefix: usize) -> usize {
    let hashes = text[at + prefix..]
        .iter()
        .take_while(|c| **c == '#')
        .count();
    let open = at + prefix + hashes;
    if text.get(open) != Some(&'"') {
        return at;
    }
    let closes = |end: &usize| {
        text[*end] == '"' && text[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes
    };
    (open + 1..text.len())
        .find(closes)
        .map_or(text.len(), |end| end + 1 + hashes)
}

fn end_of_block_comment(text: &[char], open: usize) -> usize {
    let (mut at, mut depth) = (open, 0_usize);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the item that `code` starts with: to its `;`, or to the brace that closes it.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (position, character) in code.char_indices() {
        match character {
            ';' if depth == 0 => return position + 1,
            '{' => depth += 1,
            '}' if depth <= 1 => return position + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_vanish_and_lines_stay() {
        let text = concat!(
            "let a = \"todo!() \\\" still\"; // todo!()\n",
            "/* todo!() /* nested */ todo!() */ let b = 'x';\n",
            "let c = r#\"todo!() \" \"#; let d = br\"todo!()\"; let e = b\"todo!()\";\n",
            "fn f<'a>(x: &'a str) { todo!() }\n",
            "let g = '\\''; let h = '\"'; let r#type = 1; todo!()\n",
        );
        let code = code(text);
        assert_eq!(code.lines().count(), text.lines().count());
        assert_eq!(lines_with(&code, "todo!"), [4, 5]);
        assert!(code.contains("fn f<'a>(x: &'a str)") && code.contains("r#type"));
    }

    #[test]
    fn literals_that_never_close_end_with_the_text() {
        for text in ["\"abc", "r#\"abc", "/* abc", "'\\", "// abc", "b\"", "\"\\"] {
            assert!(
                code(text).trim().is_empty(),
                "{text:?} gives {:?}",
                code(text)
            );
        }
    }

    #[test]
    fn words_stand_alone() {
        let code = "eprint!(x); print!(y);\nprintln!(z); my_clap::f(); clap::g()";
        assert_eq!(lines_with(code, "print!"), [1]);
        assert_eq!(lines_with(code, "clap"), [2]);
        assert_eq!(identifier("wgpu_options().init()"), "wgpu_options");
    }

    #[test]
    fn test_items_vanish_and_the_rest_stays() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { { } }\n}\nfn c() {}\n\
                    #[cfg(test)]\nuse d;\nfn e() {}";
        let rest = without_tests(text);
        assert_eq!(rest.lines().count(), text.lines().count());
        assert!(rest.contains("fn a") && rest.contains("fn c") && rest.contains("fn e"));
        assert!(!rest.contains("fn b") && !rest.contains("use d"));
        assert!(!without_tests("#[cfg(all(test, unix))]\nmod t { a }").contains("mod t"));
        assert!(without_tests("#[cfg(not(test))]\nmod t { a }").contains("mod t"));
        assert!(without_tests("#[cfg(feature)]\nmod test { a }").contains("mod test"));
    }
}

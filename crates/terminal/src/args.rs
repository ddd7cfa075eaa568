//! Values that both command lines take.

/// One byte that separates cells: `;`, `\t` or `tab`, …
///
/// # Errors
/// A sentence for the command line's error message.
///
/// # Examples
/// ```
/// assert_eq!(terminal::args::delimiter("tab"), Ok(b'\t'));
/// ```
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() => Ok(*byte),
            _ => Err("one character, such as ';' or '\\t'".to_owned()),
        },
    }
}

/// A list of texts between commas, such as `?,unknown`; one with a comma in it stands in double
/// quotes.
///
/// # Examples
/// ```
/// use terminal::args::list;
///
/// assert_eq!(list("?,n/a"), ["?", "n/a"]);
/// assert_eq!(list("\"12,5OO\",-"), ["12,5OO", "-"]);
/// ```
pub fn list(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(String::new()),
            _ => {
                if let Some(item) = items.last_mut() {
                    item.push(character);
                }
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_one_character() {
        assert_eq!(delimiter(";"), Ok(b';'));
        assert_eq!(delimiter("\\t"), Ok(b'\t'));
        assert!(delimiter("ab").is_err() && delimiter("é").is_err() && delimiter("").is_err());
    }
}

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

/// A number of bytes: `2GiB`, `512MiB`, `1.5GB`, `64 kB`; without a unit it is bytes.
///
/// `KiB`, `MiB`, `GiB` and `TiB` are powers of 1024, `kB`, `MB`, `GB` and `TB` powers of 1000.
///
/// # Errors
/// A sentence for the command line's error message.
///
/// # Examples
/// ```
/// assert_eq!(terminal::args::bytes("2GiB"), Ok(2 << 30));
/// assert_eq!(terminal::args::bytes("1.5 kB"), Ok(1500));
/// ```
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || "a size such as 2GiB, 512MiB or 1500MB".to_owned();
    let text = text.trim();
    let end = text
        .find(|character: char| !(character.is_ascii_digit() || character == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let scale: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kib" => f64::from(1 << 10),
        "mib" => f64::from(1 << 20),
        "gib" => f64::from(1 << 30),
        "tib" => 1024.0 * f64::from(1 << 30),
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        _ => return Err(wrong()),
    };
    let bytes = (number * scale).round();
    // Beyond that an f64 skips whole numbers, and no machine has so much.
    if !(1.0..=2_f64.powi(53)).contains(&bytes) {
        return Err(wrong());
    }
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "it is a whole number in the range of both"
    )]
    Ok(bytes as u64)
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
    fn a_size_has_a_unit_or_is_bytes() {
        for (text, expected) in [
            ("1", 1),
            (" 12 ", 12),
            ("3KiB", 3072),
            ("3kb", 3000),
            ("0.5MiB", 1 << 19),
            ("2 GB", 2_000_000_000),
            ("1TiB", 1 << 40),
            ("1TB", 1_000_000_000_000),
            ("7B", 7),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "GiB",
            "-1GiB",
            "1G",
            "1 GiB x",
            "0",
            "1e3",
            "1.2.3MB",
            "9999999TiB",
            "nan",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_delimiter_is_one_character() {
        assert_eq!(delimiter(";"), Ok(b';'));
        assert_eq!(delimiter("\\t"), Ok(b'\t'));
        assert!(delimiter("ab").is_err() && delimiter("é").is_err() && delimiter("").is_err());
    }
}

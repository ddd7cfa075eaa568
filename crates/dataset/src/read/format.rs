//! What a file is, told by its first bytes.

use super::{ReadError, json_lines, svmlight};

/// How a table is written.
///
/// A file says by its content which it is: Parquet and Arrow IPC start with their marks; JSON lines
/// start with an object that closes before the line ends; svmlight lines are a number and
/// `index:value` pairs; everything else is CSV.
/// [`Input::with_format`](super::Input::with_format) overrules what the content says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Cells between delimiters, rows below a header (also TSV).
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// A label and `index:value` pairs a line; the columns are `label`, `f1`, `f2`, …
    Svmlight,
    /// Parquet: columns in groups of rows. It needs the Cargo feature `parquet`.
    Parquet,
    /// Arrow IPC, file or stream (Feather of version 2). It needs the Cargo feature `parquet`.
    Arrow,
}

impl std::fmt::Display for Format {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::Svmlight => "svmlight",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow IPC",
        })
    }
}

/// The format of columns that a file of these first bytes has, if it is one.
pub(super) fn of_columns(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"PAR1") {
        Some(Format::Parquet)
    } else if bytes.starts_with(b"ARROW1") || bytes.starts_with(b"\xff\xff\xff\xff") {
        // A stream starts with a message, and a message with four of these bytes.
        Some(Format::Arrow)
    } else {
        None
    }
}

/// The format of a file whose text starts with `bytes`; `whole` says that they are all of it.
///
/// # Errors
/// [`ReadError::OtherFormat`] for the formats that are recognised in order to be named.
pub(super) fn detect(path: &str, bytes: &[u8], whole: bool) -> Result<Format, ReadError> {
    if let Some(format) = of_columns(bytes) {
        return Ok(format);
    }
    let marks: [(&[u8], &'static str); 7] = [
        (b"PARE", "an encrypted Parquet file"),
        (b"FEA1", "a Feather file of version 1"),
        (b"PK\x03\x04", "a ZIP archive (an Excel workbook, perhaps)"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ\0", "an xz file"),
        (b"\x89HDF\r\n", "an HDF5 file"),
    ];
    if let Some((_, format)) = marks.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        let path = path.to_owned();
        return Err(ReadError::OtherFormat { path, format });
    }
    let text = bytes.trim_ascii_start();
    let opens = text.first().is_some_and(|byte| b"[{".contains(byte));
    let inside = text.get(1..).map_or(&b""[..], <[u8]>::trim_ascii_start);
    let list = text.starts_with(b"[") && (inside.starts_with(b"{") || inside.starts_with(b"["));
    let spread = opens && matches!(text.get(1..), Some([b'\n', ..] | [b'\r', b'\n', ..]));
    if list || spread {
        let (path, format) = (path.to_owned(), "a JSON document, not one object a line");
        return Err(ReadError::OtherFormat { path, format });
    }
    Ok(if json_lines::starts(bytes, whole) {
        Format::JsonLines
    } else if svmlight::starts(bytes, whole) {
        Format::Svmlight
    } else {
        Format::Csv
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Format {
        detect("t", text.as_bytes(), true).unwrap()
    }

    #[test]
    fn content_says_what_a_file_is() {
        assert_eq!(found(""), Format::Csv);
        assert_eq!(found("a,b\n1,2\n"), Format::Csv);
        assert_eq!(found("a\n1\n"), Format::Csv);
        assert_eq!(found("time,x\n12:30,4\n"), Format::Csv);
        assert_eq!(found("{\"a\": 1}\n"), Format::JsonLines);
        assert_eq!(found("\n  {\"a\": \"}\"} "), Format::JsonLines);
        assert_eq!(found("{name},b\n1,2\n"), Format::Csv);
        assert_eq!(found("+1 1:0.5 3:2 # note\n-1\n"), Format::Svmlight);
        assert_eq!(found("# note\n\n1 qid:3 1:1\n"), Format::Svmlight);
        assert_eq!(found("1 2\n3 4\n"), Format::Csv);
        assert_eq!(found("1\n2\n"), Format::Csv);
        assert_eq!(found("PAR1\u{15}"), Format::Parquet);
        assert_eq!(found("ARROW1\0\0"), Format::Arrow);
        let stream = detect("t", b"\xff\xff\xff\xff\x40", false);
        assert_eq!(stream.unwrap(), Format::Arrow);
    }

    #[test]
    fn formats_that_are_not_read_are_named() {
        let error = detect("t", b"PARE\x15", false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t is an encrypted Parquet file, which is not read here"
        );
        assert!(error.remedy().unwrap().contains("CSV"));
        for text in ["[{\"a\": 1}]", "{\n  \"a\": 1\n}", "[\n  {\"a\": 1}\n]"] {
            assert!(detect("t", text.as_bytes(), true).is_err(), "{text}");
        }
    }
}

//! A schema as TOML.

use std::fmt::Write;

use crate::date::DatePart;
use crate::read::CsvOptions;
use crate::recognition::{Finding, Notice};
use crate::schema::{ColumnSchema, Kind, Role, Schema};

/// The schema of a table as a file that [`SchemaFile`](super::SchemaFile) reads and a person edits;
/// `source` is the name of the table.
///
/// A fit with what is read back equals the fit without it.
pub fn text(source: &str, schema: &Schema, csv: &CsvOptions) -> String {
    let mut text = String::new();
    let parts: Vec<_> = DatePart::ALL.iter().map(|part| part.name()).collect();
    let missing: Vec<_> = csv.na.iter().map(|spelling| quoted(spelling)).collect();
    let _ = write!(
        text,
        "# The columns of {}, in file order.\n\
         #\n\
         # role      feature, target, weight, offset or ignored\n\
         # kind      numeric, categorical, boolean or date\n\
         # notation  how the column writes the number 1234.5, or 31 January 2026\n\
         # parts     what a model sees of a date: {}\n\
         \n\
         # What a column that is not named here is: \"error\", \"ignored\" or \"feature\".\n\
         others = \"error\"\n\
         \n\
         # Cells that mean missing.\n\
         missing = [{}]\n\
         \n\
         [columns]\n",
        one_line(source),
        parts.join(", "),
        missing.join(", ")
    );
    for column in &schema.columns {
        let _ = writeln!(text, "{}", entry(column));
    }
    text
}

/// One column.
fn entry(column: &ColumnSchema) -> String {
    let mut line = format!(
        "{} = {{ role = \"{}\", kind = \"{}\"",
        key(&column.name),
        column.role,
        column.kind
    );
    if let Some(notation) = column.notation {
        let _ = write!(line, ", notation = {}", quoted(&notation.to_string()));
    }
    if column.kind == Kind::Date && column.role != Role::Ignored && !column.parts.is_empty() {
        let parts: Vec<_> = column.parts.iter().map(|p| quoted(p.name())).collect();
        let _ = write!(line, ", parts = [{}]", parts.join(", "));
    }
    line.push_str(" }");
    if let Some(finding) = column.finding {
        let notice = Notice {
            column: column.name.clone(),
            finding,
            parts: column.parts.clone(),
        };
        let _ = write!(line, " # {}", notice.what());
        if finding == Finding::Identifier {
            line.push_str("; role = \"feature\" keeps it");
        }
    }
    line
}

/// A name as a key of TOML.
pub(crate) fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A text in quotes, as TOML writes it.
///
/// # Examples
/// ```
/// assert_eq!(dataset::schema::file::quoted("a \"b\""), r#""a \"b\"""#);
/// ```
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A text for a comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

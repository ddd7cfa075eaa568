//! From TOML to a schema, with the place of every mistake.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ColumnEntry, Others, SchemaFile, SchemaFileError};
use crate::date::DatePart;
use crate::notation::Notation;
use crate::schema::{Kind, Role};
use crate::suggestion::nearest;

/// A text that is being read.
struct Source<'a> {
    path: &'a str,
    text: &'a str,
}

type Value<'a> = Spanned<DeValue<'a>>;

pub(super) fn parse(path: &str, text: &str) -> Result<SchemaFile, SchemaFileError> {
    let source = Source { path, text };
    let root = DeTable::parse(text).map_err(|error| {
        let (line, column) = source.place(error.span().map_or(0, |span| span.start));
        SchemaFileError::Syntax {
            path: path.to_owned(),
            line,
            column,
            // Several lines in the library; one here.
            reason: error.message().replace('\n', ", "),
        }
    })?;
    let mut file = SchemaFile::default();
    for (key, value) in entries(root.get_ref()) {
        let name: &str = key.get_ref();
        match name {
            "others" => file.others = source.word("others", value, &OTHERS)?,
            "missing" => {
                let spellings = source.texts("missing", value)?;
                let spellings = spellings.into_iter().map(|(_, text)| text.to_owned());
                file.missing = Some(spellings.collect());
            }
            "columns" => file.columns = columns(&source, value)?,
            _ => return Err(source.unknown_key(key, &["others", "missing", "columns"])),
        }
    }
    Ok(file)
}

const OTHERS: [(&str, Others); 3] = [
    ("error", Others::Error),
    ("ignored", Others::Ignored),
    ("feature", Others::Feature),
];

fn columns(source: &Source<'_>, value: &Value<'_>) -> Result<Vec<ColumnEntry>, SchemaFileError> {
    let table = source.table("columns", value)?;
    let mut columns: Vec<ColumnEntry> = Vec::new();
    let mut sole: HashMap<Role, String> = HashMap::new();
    for (key, value) in entries(table) {
        let entry = column(source, key, value)?;
        if matches!(entry.role, Role::Target | Role::Weight | Role::Offset)
            && let Some(first) = sole.insert(entry.role, entry.name.clone())
        {
            let (line, column) = source.place(key.span().start);
            return Err(SchemaFileError::SecondRole {
                path: source.path.to_owned(),
                line,
                column,
                role: entry.role,
                first,
                second: entry.name,
            });
        }
        columns.push(entry);
    }
    Ok(columns)
}

fn column(
    source: &Source<'_>,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Value<'_>,
) -> Result<ColumnEntry, SchemaFileError> {
    let name = key.get_ref();
    let mut entry = ColumnEntry {
        name: name.to_string(),
        role: Role::Feature,
        kind: None,
        notation: None,
        parts: None,
    };
    for (key, value) in entries(source.table(name, value)?) {
        match key.get_ref().as_ref() {
            "role" => entry.role = source.named("role", value, &ROLES)?,
            "kind" => entry.kind = Some(source.named("kind", value, &KINDS)?),
            "notation" => entry.notation = Some(notation(source, value)?),
            "parts" => {
                let mut parts = Vec::new();
                for (span, text) in source.texts("parts", value)? {
                    parts.push(source.known("part", span, text, &PARTS)?);
                }
                entry.parts = Some(parts);
            }
            _ => return Err(source.unknown_key(key, &["role", "kind", "notation", "parts"])),
        }
    }
    match contradiction(&entry) {
        None => Ok(entry),
        Some(reason) => {
            let (line, column) = source.place(key.span().start);
            Err(SchemaFileError::Contradiction {
                path: source.path.to_owned(),
                line,
                column,
                name: entry.name,
                reason,
            })
        }
    }
}

const ROLES: [&str; 5] = ["feature", "target", "weight", "offset", "ignored"];
const KINDS: [&str; 4] = ["numeric", "categorical", "boolean", "date"];
const PARTS: [&str; 10] = {
    let mut names = [""; 10];
    let mut at = 0;
    while at < names.len() {
        names[at] = DatePart::ALL[at].name();
        at += 1;
    }
    names
};

/// Which two things said of a column cannot both be.
fn contradiction(entry: &ColumnEntry) -> Option<&'static str> {
    let kind = entry.kind.or(entry.notation.map(Notation::kind));
    let number = matches!(kind, None | Some(Kind::Numeric));
    match (entry.role, entry.notation) {
        (Role::Ignored, _) => None,
        (_, Some(notation)) if Some(notation.kind()) != kind => {
            Some("the notation is not one of its kind")
        }
        (Role::Offset, Some(_)) => Some("an offset is written plainly, as scoring reads it"),
        (Role::Weight | Role::Offset, _) if !number => Some("a weight or an offset is numeric"),
        (Role::Target, _) if kind == Some(Kind::Date) => Some("a target is no date"),
        _ if entry.parts.is_some() && kind != Some(Kind::Date) => {
            Some("only a column of kind date has parts")
        }
        _ if entry.parts.as_ref().is_some_and(Vec::is_empty) => {
            Some("a date without parts is an ignored column")
        }
        _ => None,
    }
}

fn notation(source: &Source<'_>, value: &Value<'_>) -> Result<Notation, SchemaFileError> {
    let text = source.text("notation", value)?;
    text.parse().map_err(|_| {
        let known: Vec<String> = Notation::all().map(|known| known.to_string()).collect();
        source.unknown_value("notation", value.span().start, text, &known)
    })
}

/// The entries of a table in the order of the file.
fn entries<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

impl Source<'_> {
    /// The line and the character of a byte.
    fn place(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |feed| feed + 1);
        (line, before[start..].chars().count() + 1)
    }

    fn table<'t, 'i>(
        &self,
        key: &str,
        value: &'t Value<'i>,
    ) -> Result<&'t DeTable<'i>, SchemaFileError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            other => Err(self.wrong_type(key, value, "a table", other)),
        }
    }

    fn text<'t>(&self, key: &str, value: &'t Value<'_>) -> Result<&'t str, SchemaFileError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            other => Err(self.wrong_type(key, value, "a text in quotes", other)),
        }
    }

    /// A list of texts, each with the byte that it starts at.
    fn texts<'t>(
        &self,
        key: &str,
        value: &'t Value<'_>,
    ) -> Result<Vec<(usize, &'t str)>, SchemaFileError> {
        match value.get_ref() {
            DeValue::Array(values) => values
                .iter()
                .map(|value| Ok((value.span().start, self.text(key, value)?)))
                .collect(),
            other => Err(self.wrong_type(key, value, "a list of texts", other)),
        }
    }

    fn word<T: Copy>(
        &self,
        key: &'static str,
        value: &Value<'_>,
        known: &[(&str, T)],
    ) -> Result<T, SchemaFileError> {
        let text = self.text(key, value)?;
        let found = known.iter().find(|(name, _)| *name == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<String> = known.iter().map(|(name, _)| (*name).to_owned()).collect();
            self.unknown_value(key, value.span().start, text, &names)
        })
    }

    /// A text that names a variant.
    fn named<T: for<'d> Deserialize<'d>>(
        &self,
        key: &'static str,
        value: &Value<'_>,
        known: &[&str],
    ) -> Result<T, SchemaFileError> {
        let text = self.text(key, value)?;
        self.known(key, value.span().start, text, known)
    }

    fn known<T: for<'d> Deserialize<'d>>(
        &self,
        key: &'static str,
        start: usize,
        text: &str,
        known: &[&str],
    ) -> Result<T, SchemaFileError> {
        let name: StrDeserializer<'_, Error> = text.into_deserializer();
        T::deserialize(name).map_err(|_| {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            self.unknown_value(key, start, text, &known)
        })
    }

    fn unknown_value(
        &self,
        key: &'static str,
        start: usize,
        value: &str,
        known: &[String],
    ) -> SchemaFileError {
        let (line, column) = self.place(start);
        SchemaFileError::UnknownValue {
            path: self.path.to_owned(),
            line,
            column,
            key,
            value: value.chars().take(60).collect(),
            nearest: nearest(value, known.iter().map(String::as_str)).map(str::to_owned),
            known: known.into(),
        }
    }

    fn unknown_key(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        known: &[&str],
    ) -> SchemaFileError {
        let (line, column) = self.place(key.span().start);
        SchemaFileError::UnknownKey {
            path: self.path.to_owned(),
            line,
            column,
            key: key.get_ref().chars().take(60).collect(),
            nearest: nearest(key.get_ref(), known.iter().copied()).map(str::to_owned),
            known: known.iter().map(ToString::to_string).collect(),
        }
    }

    fn wrong_type(
        &self,
        key: &str,
        value: &Value<'_>,
        expected: &'static str,
        found: &DeValue<'_>,
    ) -> SchemaFileError {
        let (line, column) = self.place(value.span().start);
        SchemaFileError::WrongType {
            path: self.path.to_owned(),
            line,
            column,
            key: key.to_owned(),
            expected,
            found: match found {
                DeValue::String(_) => "a text",
                DeValue::Integer(_) | DeValue::Float(_) => "a number",
                DeValue::Boolean(_) => "true or false",
                DeValue::Datetime(_) => "a date",
                DeValue::Array(_) => "a list",
                DeValue::Table(_) => "a table",
            },
        }
    }
}

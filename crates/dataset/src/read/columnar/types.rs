//! Which types of columns are cells of a table.

use arrow_schema::DataType;

use crate::schema::Kind;

/// What the cells of a type are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing at all.
    Missing,
    Number,
    Truth,
    Text,
    /// A date, a time of day, or both.
    Time,
}

impl Class {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Missing | Self::Number => Kind::Numeric,
            Self::Truth => Kind::Boolean,
            Self::Text | Self::Time => Kind::Categorical,
        }
    }
}

/// The class of a type, or what it is when its cells are not single values.
pub(super) fn class(kind: &DataType) -> Result<Class, String> {
    use DataType as T;
    Ok(match kind {
        T::Null => Class::Missing,
        T::Boolean => Class::Truth,
        T::Duration(_) => Class::Number,
        kind if kind.is_numeric() => Class::Number,
        kind if kind.is_string() || kind.is_binary() => Class::Text,
        T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) | T::Timestamp(..) => Class::Time,
        T::Dictionary(_, values) => match values.as_ref() {
            // Values that are codes again are written by no program.
            T::Dictionary(..) => return Err(name(kind)),
            values => class(values)?,
        },
        _ => return Err(name(kind)),
    })
}

/// Whether columns of two types may stand one below the other.
pub(super) fn agree(first: &DataType, second: &DataType) -> bool {
    match (class(first), class(second)) {
        (Ok(Class::Missing), _) | (_, Ok(Class::Missing)) | (Err(_), Err(_)) => true,
        (first, second) => first == second,
    }
}

/// A type in words, with its article.
pub(super) fn name(kind: &DataType) -> String {
    use DataType as T;
    match kind {
        kind if kind.is_list() => "a list".to_owned(),
        T::Struct(_) => "a struct".to_owned(),
        T::Map(..) => "a map".to_owned(),
        T::Union(..) => "a union".to_owned(),
        T::Interval(_) => "an interval".to_owned(),
        T::Dictionary(_, values) if class(kind).is_ok() => name(values),
        other => match class(other) {
            Ok(Class::Missing) => "empty".to_owned(),
            Ok(Class::Number) => "a number".to_owned(),
            Ok(Class::Truth) => "a boolean".to_owned(),
            Ok(Class::Text) => "a text".to_owned(),
            Ok(Class::Time) => "a date or time".to_owned(),
            Err(_) => format!("of type {kind}"),
        },
    }
}

//! What a person says about the columns of a table.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Kind, Role};
use crate::date::DatePart;
use crate::notation::Notation;

/// What a person says about the columns; the rest is inferred.
///
/// Every column that is not named here is a feature. Naming a column twice in ways that
/// contradict each other (the target among the dropped, say) is an error when the table is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaOptions {
    /// The column to predict.
    pub target: Option<String>,
    /// The column of row weights.
    pub weight: Option<String>,
    /// The column of offsets.
    pub offset: Option<String>,
    /// The only features; `None` means every column that has no other role.
    pub features: Option<Vec<String>>,
    /// Columns to ignore.
    pub drop: Vec<String>,
    /// Columns whose cells are text whatever they look like: integer codes, say.
    pub categorical: Vec<String>,
    /// Columns whose cells must be numbers.
    pub numeric: Vec<String>,
    /// Columns whose cells must be yes or no, `1` and `0` included.
    pub boolean: Vec<String>,
    /// Columns whose cells must be dates; a column of plain numbers counts seconds since 1970.
    pub date: Vec<String>,
    /// Columns that stay features although they look like identifiers.
    pub keep: Vec<String>,
    /// How columns of numbers or dates are written; that of others is recognised.
    pub notations: BTreeMap<String, Notation>,
    /// The parts of dates that a model sees; of others the
    /// [default ones](DatePart::DEFAULT) that vary.
    pub parts: BTreeMap<String, Vec<DatePart>>,
    /// The only columns that the table may have, and must have; `None` allows any.
    pub only: Option<Vec<String>>,
    /// Columns that the table must have: those that a schema file names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
}

/// Where a name was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mention {
    /// As the target.
    Target,
    /// As the weight.
    Weight,
    /// As the offset.
    Offset,
    /// Among the features.
    Feature,
    /// Among the columns to drop.
    Drop,
    /// Among the categorical columns.
    Categorical,
    /// Among the numeric columns.
    Numeric,
    /// Among the boolean columns.
    Boolean,
    /// Among the columns of dates.
    Date,
    /// Among the columns to keep as they are.
    Keep,
    /// In a schema file.
    Schema,
}

impl Mention {
    /// The option that gives it.
    pub fn option(self) -> &'static str {
        match self {
            Self::Target => "--target",
            Self::Weight => "--weight",
            Self::Offset => "--offset",
            Self::Feature => "--features",
            Self::Drop => "--drop",
            Self::Categorical => "--categorical",
            Self::Numeric => "--numeric",
            Self::Boolean => "--boolean",
            Self::Date => "--date",
            Self::Keep => "--keep",
            Self::Schema => "--schema",
        }
    }

    /// Whether the same column may be mentioned in both ways.
    fn agrees_with(self, other: Self) -> bool {
        use Mention::{
            Boolean, Categorical, Date, Drop, Feature, Keep, Numeric, Offset, Target, Weight,
        };
        let conflict = |first, second| {
            let kind = |mention| matches!(mention, Categorical | Numeric | Boolean | Date);
            match (first, second) {
                (Target | Weight | Offset | Feature | Drop, Target | Weight | Offset | Drop) => {
                    first != second
                }
                (Weight | Offset, Categorical | Boolean | Date)
                | (Target, Date)
                | (Target | Weight | Offset | Drop, Keep) => true,
                _ => kind(first) && kind(second) && first != second,
            }
        };
        !conflict(self, other) && !conflict(other, self)
    }
}

impl std::fmt::Display for Mention {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Target => "the target",
            Self::Weight => "the weight",
            Self::Offset => "the offset",
            Self::Feature => "a feature",
            Self::Drop => "a dropped column",
            Self::Categorical => "a categorical column",
            Self::Numeric => "a numeric column",
            Self::Boolean => "a boolean column",
            Self::Date => "a column of dates",
            Self::Keep => "a kept column",
            Self::Schema => "the schema file",
        })
    }
}

impl SchemaOptions {
    /// Every name given, with where it was given.
    pub(crate) fn mentions(&self) -> impl Iterator<Item = (Mention, &str)> {
        fn each<'a>(
            mention: Mention,
            names: impl IntoIterator<Item = &'a String>,
        ) -> impl Iterator<Item = (Mention, &'a str)> {
            names.into_iter().map(move |name| (mention, name.as_str()))
        }
        each(Mention::Schema, self.only.iter().flatten())
            .chain(each(Mention::Schema, &self.named))
            .chain(each(Mention::Target, &self.target))
            .chain(each(Mention::Weight, &self.weight))
            .chain(each(Mention::Offset, &self.offset))
            .chain(each(Mention::Feature, self.features.iter().flatten()))
            .chain(each(Mention::Drop, &self.drop))
            .chain(each(Mention::Categorical, &self.categorical))
            .chain(each(Mention::Numeric, &self.numeric))
            .chain(each(Mention::Boolean, &self.boolean))
            .chain(each(Mention::Date, &self.date))
            .chain(each(Mention::Keep, &self.keep))
            .chain(each(Mention::Schema, self.notations.keys()))
            .chain(each(Mention::Schema, self.parts.keys()))
    }

    /// The first two mentions of one column that contradict each other.
    pub(crate) fn contradiction(&self) -> Option<(&str, Mention, Mention)> {
        let mut seen: HashMap<&str, Vec<Mention>> = HashMap::new();
        for (mention, name) in self.mentions() {
            let earlier = seen.entry(name).or_default();
            if let Some(&other) = earlier.iter().find(|other| !mention.agrees_with(**other)) {
                return Some((name, other, mention));
            }
            if !earlier.contains(&mention) {
                earlier.push(mention);
            }
        }
        None
    }

    /// The same, to be asked about one column after the other.
    pub(crate) fn told(&self) -> Told<'_> {
        let mut lists: HashMap<&str, Lists> = HashMap::new();
        for (mention, name) in self.mentions() {
            let own = lists.entry(name).or_default();
            match mention {
                Mention::Feature => own.feature = true,
                Mention::Drop => own.drop = true,
                Mention::Categorical => own.categorical = true,
                Mention::Numeric => own.numeric = true,
                Mention::Boolean => own.boolean = true,
                Mention::Date => own.date = true,
                Mention::Keep => own.keep = true,
                Mention::Target | Mention::Weight | Mention::Offset | Mention::Schema => {}
            }
        }
        Told {
            options: self,
            lists,
        }
    }
}

/// [`SchemaOptions`] by column, for tables of very many.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) options: &'a SchemaOptions,
    lists: HashMap<&'a str, Lists>,
}

/// The lists that a column is in.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each list")]
struct Lists {
    feature: bool,
    drop: bool,
    categorical: bool,
    numeric: bool,
    boolean: bool,
    date: bool,
    keep: bool,
}

impl Told<'_> {
    fn lists(&self, name: &str) -> Lists {
        self.lists.get(name).copied().unwrap_or_default()
    }

    /// What the named column is used for.
    pub(crate) fn role(&self, name: &str) -> Role {
        let is = |given: &Option<String>| given.as_deref() == Some(name);
        let lists = self.lists(name);
        if is(&self.options.target) {
            Role::Target
        } else if is(&self.options.weight) {
            Role::Weight
        } else if is(&self.options.offset) {
            Role::Offset
        } else if lists.drop || (self.options.features.is_some() && !lists.feature) {
            Role::Ignored
        } else {
            Role::Feature
        }
    }

    /// As what the cells of the named column are read: text, where a notation makes numbers of it.
    pub(crate) fn kind_to_read(&self, name: &str) -> Option<Kind> {
        match self.declared_kind(name) {
            Some(Kind::Numeric) if self.options.notations.contains_key(name) => {
                Some(Kind::Categorical)
            }
            Some(Kind::Date) => Some(Kind::Categorical),
            kind => kind,
        }
    }

    /// Whether a person wants the named column as a feature, by whatever option.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let lists = self.lists(name);
        lists.keep || lists.feature || self.declared_kind(name).is_some()
    }

    /// The kind that the cells of the named column must have, if that is not to be inferred.
    pub(crate) fn declared_kind(&self, name: &str) -> Option<Kind> {
        let lists = self.lists(name);
        if lists.categorical {
            Some(Kind::Categorical)
        } else if lists.boolean {
            Some(Kind::Boolean)
        } else if lists.date {
            Some(Kind::Date)
        } else if let Some(notation) = self.options.notations.get(name) {
            Some(notation.kind())
        } else if lists.numeric
            || self.options.weight.as_deref() == Some(name)
            || self.options.offset.as_deref() == Some(name)
        {
            Some(Kind::Numeric)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn roles_follow_the_options() {
        let options = SchemaOptions {
            target: Some("y".into()),
            weight: Some("w".into()),
            offset: Some("o".into()),
            features: Some(names(&["a", "b"])),
            ..SchemaOptions::default()
        };
        let roles = ["y", "w", "o", "a", "c"].map(|name| options.told().role(name));
        assert_eq!(
            roles,
            [
                Role::Target,
                Role::Weight,
                Role::Offset,
                Role::Feature,
                Role::Ignored
            ]
        );
        let options = SchemaOptions {
            drop: names(&["a"]),
            ..SchemaOptions::default()
        };
        assert_eq!(
            ["a", "b"].map(|name| options.told().role(name)),
            [Role::Ignored, Role::Feature]
        );
    }

    #[test]
    fn contradictions_are_found() {
        let y = || Some("y".to_string());
        let target = SchemaOptions {
            target: y(),
            ..SchemaOptions::default()
        };
        let both = SchemaOptions {
            weight: y(),
            ..target.clone()
        };
        assert_eq!(
            both.contradiction(),
            Some(("y", Mention::Target, Mention::Weight))
        );
        let both = SchemaOptions {
            drop: names(&["y"]),
            ..target.clone()
        };
        assert_eq!(
            both.contradiction(),
            Some(("y", Mention::Target, Mention::Drop))
        );
        let both = SchemaOptions {
            features: Some(names(&["x", "y"])),
            ..target.clone()
        };
        assert_eq!(
            both.contradiction(),
            Some(("y", Mention::Target, Mention::Feature))
        );
        let both = SchemaOptions {
            weight: y(),
            categorical: names(&["y"]),
            ..Default::default()
        };
        assert_eq!(
            both.contradiction(),
            Some(("y", Mention::Weight, Mention::Categorical))
        );
        let kinds = SchemaOptions {
            numeric: names(&["a"]),
            boolean: names(&["a"]),
            ..Default::default()
        };
        assert_eq!(
            kinds.contradiction(),
            Some(("a", Mention::Numeric, Mention::Boolean))
        );
        let kept = SchemaOptions {
            keep: names(&["a"]),
            drop: names(&["a"]),
            ..Default::default()
        };
        assert_eq!(
            kept.contradiction(),
            Some(("a", Mention::Drop, Mention::Keep))
        );
        let dated = SchemaOptions {
            date: names(&["y"]),
            ..target.clone()
        };
        assert_eq!(
            dated.contradiction(),
            Some(("y", Mention::Target, Mention::Date))
        );
        let fine = SchemaOptions {
            categorical: names(&["y", "y"]),
            ..target
        };
        assert_eq!(fine.contradiction(), None);
    }
}

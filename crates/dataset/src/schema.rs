//! A kind and a role for every column.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers.
    Numeric,
    /// Text, or codes that are not amounts.
    Categorical,
    /// Text in one of the spellings of yes and no (`true`/`false`, `yes`/`no`, `t`/`f`, `y`/`n`);
    /// it is read in lower case and otherwise treated as categorical.
    Boolean,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
            Self::Boolean => "boolean",
        })
    }
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Predicts the target.
    Feature,
    /// Is predicted.
    Target,
    /// How often a row counts.
    Weight,
    /// Is added to the score with coefficient 1.
    Offset,
    /// Is not read into the table.
    Ignored,
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Feature => "feature",
            Self::Target => "target",
            Self::Weight => "weight",
            Self::Offset => "offset",
            Self::Ignored => "ignored",
        })
    }
}

/// One column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSchema {
    /// The name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// What it is used for.
    pub role: Role,
}

/// All columns of the file, in file order, the ignored ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<ColumnSchema>,
}

impl Schema {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of that role, in file order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &ColumnSchema> {
        self.columns
            .iter()
            .filter(move |column| column.role == role)
    }

    /// The features, in file order.
    pub fn features(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.with_role(Role::Feature)
    }

    /// The target, if one was named.
    pub fn target(&self) -> Option<&ColumnSchema> {
        self.with_role(Role::Target).next()
    }

    /// The column of row weights, if one was named.
    pub fn weight(&self) -> Option<&ColumnSchema> {
        self.with_role(Role::Weight).next()
    }

    /// The column of offsets, if one was named.
    pub fn offset(&self) -> Option<&ColumnSchema> {
        self.with_role(Role::Offset).next()
    }
}

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
    /// Among the columns to keep as they are.
    Keep,
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
            Self::Keep => "--keep",
        }
    }

    /// Whether the same column may be mentioned in both ways.
    fn agrees_with(self, other: Self) -> bool {
        use Mention::{Boolean, Categorical, Drop, Feature, Numeric, Offset, Target, Weight};
        let conflict = |first, second| {
            let kind = |mention| matches!(mention, Categorical | Numeric | Boolean);
            match (first, second) {
                (Target | Weight | Offset | Feature | Drop, Target | Weight | Offset | Drop) => {
                    first != second
                }
                (Weight | Offset, Categorical | Boolean) => true,
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
            Self::Keep => "a kept column",
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
        each(Mention::Target, &self.target)
            .chain(each(Mention::Weight, &self.weight))
            .chain(each(Mention::Offset, &self.offset))
            .chain(each(Mention::Feature, self.features.iter().flatten()))
            .chain(each(Mention::Drop, &self.drop))
            .chain(each(Mention::Categorical, &self.categorical))
            .chain(each(Mention::Numeric, &self.numeric))
            .chain(each(Mention::Boolean, &self.boolean))
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

    /// What the named column is used for.
    pub(crate) fn role(&self, name: &str) -> Role {
        let is = |given: &Option<String>| given.as_deref() == Some(name);
        let listed = |names: &[String]| names.iter().any(|given| given == name);
        if is(&self.target) {
            Role::Target
        } else if is(&self.weight) {
            Role::Weight
        } else if is(&self.offset) {
            Role::Offset
        } else if listed(&self.drop) || self.features.as_ref().is_some_and(|names| !listed(names)) {
            Role::Ignored
        } else {
            Role::Feature
        }
    }

    /// The kind that the cells of the named column must have, if that is not to be inferred.
    pub(crate) fn declared_kind(&self, name: &str) -> Option<Kind> {
        let listed = |names: &[String]| names.iter().any(|given| given == name);
        if listed(&self.categorical) {
            Some(Kind::Categorical)
        } else if listed(&self.boolean) {
            Some(Kind::Boolean)
        } else if listed(&self.numeric)
            || self.weight.as_deref() == Some(name)
            || self.offset.as_deref() == Some(name)
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
        let roles = ["y", "w", "o", "a", "c"].map(|name| options.role(name));
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
            ["a", "b"].map(|name| options.role(name)),
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
        let fine = SchemaOptions {
            categorical: names(&["y", "y"]),
            ..target
        };
        assert_eq!(fine.contradiction(), None);
    }

    #[test]
    fn a_schema_is_written_in_plain_words() {
        let column = ColumnSchema {
            name: "a".into(),
            kind: Kind::Numeric,
            role: Role::Feature,
        };
        let json = serde_json::to_string(&Schema {
            columns: vec![column],
        })
        .unwrap();
        assert_eq!(
            json,
            r#"{"columns":[{"name":"a","kind":"numeric","role":"feature"}]}"#
        );
    }
}

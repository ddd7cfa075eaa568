//! Real tables are read as they are: no feature is taken for an identifier, a date or a number in
//! another notation, and none is called a leak but the one that is.
//!
//! The tables that ship, and with `KINDLING_SHARED` those of its folder `data/`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on is a test that failed"
)]

use std::path::PathBuf;

use dataset::recognition::Finding;
use dataset::{
    CsvOptions, Input, SchemaOptions, TargetOptions, catalog, leak, prepare, read_table,
};

/// What is said of a table: its findings, and its leaks by name.
fn said(
    input: &Input,
    options: &SchemaOptions,
    positive: Option<&str>,
) -> (Vec<String>, Vec<String>) {
    let (table, schema, _) = read_table(input, &CsvOptions::default(), options).unwrap();
    let notices = schema.notices();
    for notice in &notices {
        let expected = match notice.finding {
            Finding::Numbering | Finding::ManyLevels { .. } => true,
            // Names of flights, each in one row.
            Finding::Identifier => (input.name(), &*notice.column) == ("challenger", "flight"),
            _ => false,
        };
        assert!(expected, "{}: {notice}", input.name());
    }
    let target = TargetOptions {
        positive: positive.map(str::to_owned),
        ..TargetOptions::default()
    };
    let prepared = prepare(&table, &schema, &target).unwrap();
    let leaks = leak::leaks(&table, &schema, &prepared).unwrap();
    (
        notices.into_iter().map(|notice| notice.column).collect(),
        leaks.into_iter().map(|leak| leak.column).collect(),
    )
}

#[test]
fn shipped_tables() {
    for entry in catalog::catalog() {
        let target = SchemaOptions {
            target: Some(entry.target.clone()),
            ..SchemaOptions::default()
        };
        for options in [entry.schema_options(), target] {
            let (notices, leaks) = said(&entry.input(), &options, entry.positive.as_deref());
            assert!(leaks.is_empty(), "{}: {leaks:?}", entry.name);
            assert!(notices.len() < 2, "{}: {notices:?}", entry.name);
        }
    }
}

#[test]
fn shared_tables() {
    let Some(shared) = std::env::var_os("KINDLING_SHARED").map(PathBuf::from) else {
        return;
    };
    for (file, target, positive, numbering, leak) in [
        ("anes96.csv", "vote", None, None, None),
        ("auto_mpg.csv", "mpg", None, None, None),
        ("bank_additional.csv", "y", None, None, None),
        ("breast_cancer_wdbc.csv", "diagnosis", None, None, None),
        (
            "challenger_orings.csv",
            "any_distress",
            None,
            Some("flight"),
            None,
        ),
        ("german_credit.csv", "class", Some("bad"), None, None),
        // The degree of the disease, of which the target is whether it is above 0.
        ("heart_cleveland.csv", "disease", None, None, Some("num")),
        ("heart_scale.svm", "label", None, None, None),
        ("penguins.csv", "sex", None, None, None),
        ("penguins.csv", "species", None, None, None),
        ("penguins.csv", "body_mass_g", None, None, None),
        ("wine_quality_red.csv", "quality", None, None, None),
        ("wine_quality_red.csv", "quality", Some(">=6"), None, None),
    ] {
        let path = shared.join("data").join(file);
        let input = Input::named(path.to_str().unwrap()).unwrap();
        let options = SchemaOptions {
            target: Some(target.into()),
            ..SchemaOptions::default()
        };
        let (notices, leaks) = said(&input, &options, positive);
        assert_eq!(notices, Vec::from_iter(numbering), "{file}");
        assert_eq!(leaks, Vec::from_iter(leak), "{file}");
    }
}

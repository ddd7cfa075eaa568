use super::*;
use crate::table::Column;

fn found(name: &str, kind: Kind, column: &Column) -> Option<Finding> {
    of_feature(name, kind, &column.cells)
}

fn text(cells: &[&str]) -> Option<Finding> {
    let cells = cells.iter().map(|cell| Some(*cell));
    found("c", Kind::Categorical, &Column::text("c", cells))
}

fn numbers(name: &str, values: &[f64]) -> Option<Finding> {
    found(name, Kind::Numeric, &Column::numeric(name, values.to_vec()))
}

#[test]
fn texts_that_name_rows_or_have_many_levels() {
    let names: Vec<String> = (0..400).map(|row| format!("id {row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(text(&names), Some(Finding::Identifier));
    assert_eq!(text(&names[..19]), None);
    // A few namesakes do not make it a category.
    let some = [&names[..], &names[..5]].concat();
    assert_eq!(text(&some), Some(Finding::Identifier));
    let more = [&names[..], &names[..40]].concat();
    assert_eq!(text(&more), Some(Finding::ManyLevels { levels: 400 }));
    let twice = [&names[..], &names[..]].concat();
    assert_eq!(text(&twice), Some(Finding::ManyLevels { levels: 400 }));
    let often: Vec<&str> = twice.iter().cycle().take(8000).copied().collect();
    assert_eq!(text(&often), None);
    let tails: Vec<String> = (0..1001).map(|tail| format!("N{tail}")).collect();
    let flights: Vec<&str> = tails
        .iter()
        .cycle()
        .take(30_000)
        .map(String::as_str)
        .collect();
    assert_eq!(text(&flights), Some(Finding::ManyLevels { levels: 1001 }));
}

#[test]
fn numbers_that_name_rows() {
    let numbering = |rows: u32| (0..rows).map(f64::from).rev().collect::<Vec<_>>();
    let with = |more: f64| [numbering(20), vec![more]].concat();
    assert_eq!(numbers("id", &numbering(20)), Some(Finding::Identifier));
    assert_eq!(numbers("id", &numbering(19)), None);
    assert_eq!(numbers("id", &with(3.0)), None);
    assert_eq!(numbers("id", &with(20.5)), None);
    assert_eq!(numbers("id", &with(f64::NAN)), None);
    // Years of a series number its rows, and are a feature.
    assert_eq!(numbers("year", &numbering(20)), Some(Finding::Numbering));
    // Incomes are whole and different too, with gaps; so are the numbers of patients.
    let gaps: Vec<f64> = numbering(30).iter().map(|n| n * 977.0).collect();
    assert_eq!(numbers("income", &gaps), None);
    assert_eq!(numbers("patient_id", &gaps), Some(Finding::Identifier));
    let again = [gaps, vec![977.0]].concat();
    assert_eq!(numbers("patient_id", &again), None);
}

#[test]
fn names_of_identifiers() {
    for name in [
        "id",
        "ID",
        "Id",
        "userId",
        "user_id",
        "id.user",
        "customer-id",
        "Unnamed: 0",
        "rownames",
        "row_number",
        "index",
        "PassengerId",
        "UUID",
    ] {
        assert!(names_rows(name), "{name}");
    }
    for name in [
        "humid",
        "acid",
        "width",
        "idle",
        "body_mass_index",
        "valid",
        "keyword",
        "key_rate",
        "x1",
        "",
        "7",
        "row_height",
        "paid",
        "bid",
    ] {
        assert!(!names_rows(name), "{name}");
    }
}

#[test]
fn notices_are_sentences_with_a_next_step() {
    let notice = |finding| Notice {
        column: "zip code".to_owned(),
        finding,
        parts: vec![DatePart::Days, DatePart::Weekday],
    };
    let many = notice(Finding::ManyLevels { levels: 12_345 });
    assert_eq!(many.to_string(), "`zip code` has 12,345 levels");
    assert_eq!(many.remedy(), "--drop 'zip code'");
    assert_eq!(notice(Finding::Identifier).remedy(), "--keep 'zip code'");
    let [percent, date, other] = ["1234.5%", "31/01/2026", "01/31/2026"]
        .map(|notation| notation.parse::<Notation>().unwrap());
    assert_eq!(
        notice(Finding::Written(percent)).to_string(),
        "`zip code` is read as numbers: 1234.5% as 1234.5"
    );
    assert_eq!(
        notice(Finding::Written(date)).to_string(),
        "`zip code` holds dates, written like 31/01/2026: a model sees days, weekday"
    );
    let either = notice(Finding::Ambiguous(date, other));
    assert_eq!(
        either.to_string(),
        "`zip code` stays text: it may be written like 31/01/2026 or like 01/31/2026"
    );
    assert_eq!(
        either.remedy(),
        "say notation = \"31/01/2026\" in a schema file"
    );
}

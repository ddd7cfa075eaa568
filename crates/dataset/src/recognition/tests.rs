use super::*;
use crate::table::Column;
use crate::{ColumnSchema, Kind};

/// What is found in one column of text, its cells repeated up to 20 rows.
fn found(cells: &[&str]) -> Option<Finding> {
    let rows = cells.iter().copied().cycle().take(20.max(cells.len()));
    finding(Column::text("c", rows.map(Some)))
}

fn finding(column: Column) -> Option<Finding> {
    let kind = match column.cells {
        Cells::Numeric(_) => Kind::Numeric,
        Cells::Text { .. } => Kind::Categorical,
    };
    let described = ColumnSchema {
        name: "c".to_owned(),
        kind,
        role: Role::Feature,
    };
    let schema = Schema {
        columns: vec![described],
    };
    let table = Table::new("t", vec![column]).unwrap();
    let notices = notices(&table, &schema);
    notices.first().map(|notice| notice.finding)
}

#[test]
fn dates_in_their_forms() {
    use DateForm::{DayMonthYear, MonthDayYear, YearMonthDay};
    for (cells, form) in [
        (&["2026-01-31", "2024-02-29"][..], YearMonthDay),
        (
            &["2026-01-31T12:30", "2026-01-31 12:30:59.25Z"],
            YearMonthDay,
        ),
        (&["2026-01-31T12:30:00+02:00"], YearMonthDay),
        (&["2026/1/3"], YearMonthDay),
        (&["31.01.2026", "1.2.2026"], DayMonthYear),
        (&["31/01/2026", "01/02/2026"], DayMonthYear),
        (&["01/31/2026", "01/02/2026"], MonthDayYear),
    ] {
        assert_eq!(found(cells), Some(Finding::Dates(form)), "{cells:?}");
    }
    for cells in [
        &["2026-02-29"][..],
        &["2026-13-01"],
        &["31/01/2026", "01/31/2026"],
        &["2026-01-31", "soon"],
        &["2026-01"],
        &["26-01-31"],
        &["2026-01-31T25:00"],
        &["2026-01-31T12:3"],
        &["2026_01_31"],
        &["2026-01-31é"],
    ] {
        assert_eq!(found(cells), None, "{cells:?}");
    }
}

#[test]
fn numbers_written_for_people() {
    for cells in [&["1,234,567", "12", "1,000"][..], &["1,234.5", "-7"]] {
        assert_eq!(found(cells), Some(Finding::GroupedNumbers), "{cells:?}");
    }
    // A decimal comma, perhaps; groups of other sizes; words.
    for cells in [
        &["1,234", "5,678"][..],
        &["12,34,567"],
        &["1,234,567", "x"],
        &["0,123,456"],
    ] {
        assert_eq!(found(cells), None, "{cells:?}");
    }
    assert_eq!(found(&["12%", "-3.5 %"]), Some(Finding::Percentages));
    assert_eq!(found(&["12%", "13"]), None);
    assert_eq!(found(&["%"]), None);
}

#[test]
fn identifiers_and_many_levels() {
    let names: Vec<String> = (0..400).map(|row| format!("id {row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(found(&names), Some(Finding::Identifier));
    let twice: Vec<&str> = names.iter().chain(&names).copied().collect();
    assert_eq!(found(&twice), Some(Finding::ManyLevels { levels: 400 }));
    let often: Vec<&str> = twice.iter().cycle().take(8000).copied().collect();
    assert_eq!(found(&often), None);

    let numeric = |values: Vec<f64>| finding(Column::numeric("c", values));
    let numbering = |rows: u32| (0..rows).map(f64::from).rev().collect::<Vec<_>>();
    assert_eq!(numeric(numbering(20)), Some(Finding::Identifier));
    assert_eq!(numeric(numbering(19)), None);
    assert_eq!(numeric([numbering(20), vec![3.0]].concat()), None);
    assert_eq!(numeric([numbering(20), vec![20.5]].concat()), None);
    assert_eq!(numeric([numbering(20), vec![f64::NAN]].concat()), None);
    // Incomes are whole and different too, with gaps.
    assert_eq!(
        numeric(numbering(30).iter().map(|n| n * 977.0).collect()),
        None
    );
}

#[test]
fn notices_are_sentences_with_a_next_step() {
    let notice = Notice {
        column: "zip code".to_owned(),
        finding: Finding::ManyLevels { levels: 12_345 },
    };
    assert_eq!(notice.to_string(), "`zip code` has 12,345 levels");
    assert_eq!(notice.remedy(), "--drop 'zip code'");
}

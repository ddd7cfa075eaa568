use super::*;
use crate::schema::{Kind, Role};
use crate::table::Column;
use crate::table::Table;
use crate::target::{TargetOptions, prepare};

/// What is found in a table whose last column is the target.
fn found(columns: Vec<Column>) -> Vec<Leak> {
    let last = columns.len() - 1;
    let described = columns.iter().enumerate().map(|(position, column)| {
        let kind = match column.cells {
            Cells::Numeric(_) | Cells::Sparse(_) => Kind::Numeric,
            Cells::Text { .. } => Kind::Categorical,
        };
        let role = if position == last {
            Role::Target
        } else {
            Role::Feature
        };
        ColumnSchema::new(&*column.name, kind, role)
    });
    let schema = Schema {
        columns: described.collect(),
    };
    let table = Table::new("t", columns).unwrap();
    let prepared = prepare(&table, &schema, &TargetOptions::default()).unwrap();
    leaks(&table, &schema, &prepared).unwrap()
}

fn figures(leaks: &[Leak]) -> Vec<(&str, Measure, f64)> {
    leaks
        .iter()
        .map(|leak| (&*leak.column, leak.measure, leak.figure))
        .collect()
}

fn number(name: &str, rows: u32, value: impl Fn(u32) -> f64) -> Column {
    Column::numeric(name, (0..rows).map(value).collect())
}

fn classes(rows: u32, class: impl Fn(u32) -> u32) -> Column {
    let labels = ["a", "b", "c", "d"];
    let cells: Vec<_> = (0..rows)
        .map(|row| Some(labels[class(row) as usize]))
        .collect();
    Column::text("y", cells)
}

#[test]
fn numbers_that_order_two_classes() {
    let rows = 2000;
    let label = |row| u32::from(row % 4 == 0);
    let leaks = found(vec![
        number("above", rows, |row| {
            f64::from(10 * label(row)) + f64::from(row % 7)
        }),
        number("below", rows, |row| {
            f64::from(row % 7) - f64::from(10 * label(row))
        }),
        // One row of 500 positives is below all negatives: 1 − 1/500.
        number("nearly", rows, |row| {
            if row == 0 {
                -1.0
            } else {
                f64::from(label(row))
            }
        }),
        number("noise", rows, |row| f64::from(row * 7919 % 1009)),
        classes(rows, label),
    ]);
    assert_eq!(
        figures(&leaks),
        [("above", Measure::Auc, 1.0), ("below", Measure::Auc, 1.0)]
    );
}

/// U counted by hand: 20 negatives 1..=20 and 10 positives 21..=30, of which one becomes 10.5: it
/// is below 10 of the 20 negatives, so the area is 1 − 10/200.
#[test]
fn the_area_by_hand() {
    let mut pairs: Vec<(f64, u32)> = (1..=20).map(|x| (f64::from(x), 0)).collect();
    pairs.extend((21..=30).map(|x| (f64::from(x), 1)));
    assert_eq!(ranked(pairs.clone(), 2), Some(1.0));
    pairs[20].0 = 10.5;
    assert_eq!(ranked(pairs.clone(), 2), Some(1.0 - 10.0 / 200.0));
    // A tie with one negative counts half.
    pairs[20].0 = 10.0;
    assert_eq!(ranked(pairs.clone(), 2), Some(1.0 - 10.5 / 200.0));
    pairs.truncate(29);
    assert_eq!(ranked(pairs, 2), None);
}

#[test]
fn one_class_of_three_is_not_all() {
    let rows = 300;
    let class = |row| row % 3;
    let leaks = found(vec![
        number("one", rows, |row| f64::from(u32::from(class(row) == 0))),
        number("all", rows, |row| f64::from([5, 1, 3][class(row) as usize])),
        classes(rows, class),
    ]);
    assert_eq!(figures(&leaks), [("all", Measure::Auc, 1.0)]);
}

#[test]
fn levels_are_judged_by_the_other_rows() {
    let rows = 400;
    let label = |row| u32::from(row % 8 == 0);
    let names: Vec<String> = (0..rows).map(|row| format!("row {row}")).collect();
    let text = |name: &str, cells: &dyn Fn(u32) -> Option<&'static str>| {
        Column::text(name, (0..rows).map(cells))
    };
    let leaks = found(vec![
        text("tells", &|row| {
            Some(if label(row) == 1 { "x" } else { "z" })
        }),
        text("missing", &|row| (label(row) == 1).then_some("x")),
        // Tells seven of eight rows without telling anything.
        text("constant", &|_| Some("x")),
        // Every row has a level of its own, which tells nothing about another.
        Column::text("own", names.iter().map(|name| Some(name.as_str()))),
        number(
            "when",
            rows,
            |row| if label(row) == 1 { 7.0 } else { f64::NAN },
        ),
        classes(rows, label),
    ]);
    assert_eq!(
        figures(&leaks),
        [
            ("tells", Measure::Levels, 1.0),
            ("missing", Measure::Levels, 1.0),
            ("when", Measure::Missing, 1.0),
        ]
    );
    assert_eq!(
        leaks[2].to_string(),
        "`when`: whether a cell is missing alone tells the target (balanced accuracy 1.0000 in 400 rows)"
    );
    assert_eq!(leaks[2].remedy(), "--drop when");
}

/// Levels x (3 of class 0, 1 of class 1) and z (2 and 2): a row of class 0 in x has 2 against 1
/// among the others and is right; all others are wrong. (3/5 + 0/3) / 2.
#[test]
fn balanced_accuracy_by_hand() {
    let pairs = vec![
        (0, 0),
        (0, 0),
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 0),
        (1, 1),
        (1, 1),
    ];
    assert_eq!(by_level(pairs, 2), Some(0.3));
}

#[test]
fn numbers_told_by_numbers_and_levels() {
    let rows = 500;
    let y = |row: u32| f64::from(row * 37 % 101) * 1e300;
    let levels = ["a", "b", "c"];
    let leaks = found(vec![
        number("celsius", rows, |row| (y(row) / 1e300 - 32.0) / 1.8),
        number("noise", rows, |row| f64::from(row * 53 % 97)),
        Column::text("level", (0..rows).map(|row| Some(levels[row as usize % 3]))),
        number("y", rows, y),
    ]);
    assert_eq!(leaks.len(), 1);
    assert_eq!(
        (&*leaks[0].column, leaks[0].measure),
        ("celsius", Measure::Line)
    );
    assert!(leaks[0].figure > 1.0 - 1e-12);
    let leaks = found(vec![
        Column::text("level", (0..rows).map(|row| Some(levels[row as usize % 3]))),
        number("y", rows, |row| f64::from(row % 3) + f64::from(row) * 1e-6),
    ]);
    assert_eq!(
        (&*leaks[0].column, leaks[0].measure),
        ("level", Measure::Means)
    );
    // y = 0, 2 | 4, 8 in levels of two: the other row of the level errs by 2, 2, 4, 4, the mean
    // 3.5 by 3.5, 1.5, 0.5, 4.5.
    let figure = means(&[0, 0, 1, 1].into_iter(), 2, &[0.0, 2.0, 4.0, 8.0]).unwrap();
    assert!((figure - (1.0 - 40.0 / 35.0)).abs() < 1e-12, "{figure}");
    // x = 1, 2, 3 and y = 1, 2, 4: r² = 3² / (2 · 14/3).
    let figure = line(&[(1.0, 1.0), (2.0, 2.0), (3.0, 4.0)]).unwrap();
    assert!((figure - 27.0 / 28.0).abs() < 1e-12, "{figure}");
    assert_eq!(line(&[(1.0, 1.0), (1.0, 2.0)]), None);
}

#[test]
fn many_rows_are_looked_at_in_part() {
    let rows = 100_000;
    let rare = |row| u32::from(row % 5000 == 0);
    let leaks = found(vec![
        number("x", rows, |row| f64::from(rare(row))),
        classes(rows, rare),
    ]);
    assert_eq!(leaks[0].figure, 1.0);
    assert_eq!(leaks[0].rows, 20 + 9998);
}

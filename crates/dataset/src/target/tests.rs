use proptest::prelude::*;

use super::*;
use crate::schema::{Kind, Role};
use crate::table::Cells;

fn schema(columns: &[(&str, Kind, Role)]) -> Schema {
    let column = |&(name, kind, role): &(&str, Kind, Role)| ColumnSchema::new(name, kind, role);
    Schema {
        columns: columns.iter().map(column).collect(),
    }
}

/// A table of one column, the target.
fn of(column: Column) -> (Table, Schema) {
    let kind = match column.cells {
        Cells::Numeric(_) | Cells::Sparse(_) => Kind::Numeric,
        Cells::Text { .. } => Kind::Categorical,
    };
    let schema = schema(&[(&column.name, kind, Role::Target)]);
    (Table::new("t.csv", vec![column]).unwrap(), schema)
}

fn texts(cells: &[&str]) -> (Table, Schema) {
    of(Column::text(
        "y",
        cells
            .iter()
            .map(|cell| Some(*cell).filter(|cell| !cell.is_empty())),
    ))
}

fn numbers(values: &[f64]) -> (Table, Schema) {
    of(Column::numeric("y", values.to_vec()))
}

fn positive(label: &str) -> TargetOptions {
    TargetOptions {
        positive: Some(label.to_owned()),
        ..TargetOptions::default()
    }
}

fn task(task: TaskChoice) -> TargetOptions {
    TargetOptions {
        task,
        ..TargetOptions::default()
    }
}

fn target((table, schema): (Table, Schema), options: &TargetOptions) -> Target {
    prepare(&table, &schema, options).unwrap().target
}

fn fails((table, schema): (Table, Schema), options: &TargetOptions) -> TargetError {
    prepare(&table, &schema, options).unwrap_err()
}

fn labels(target: &Target) -> Vec<&str> {
    target.labels().iter().map(String::as_str).collect()
}

#[test]
fn the_task_follows_from_the_values() {
    let auto = TargetOptions::default();
    assert_eq!(target(texts(&["a", "b"]), &auto).task(), "binary");
    assert_eq!(
        target(texts(&["a", "b", "c", "a", "b", "c"]), &auto).task(),
        "multinomial"
    );
    assert_eq!(target(numbers(&[3.0, 7.0, 3.0]), &auto).task(), "binary");
    assert_eq!(target(numbers(&[3.0, 7.0, 4.0]), &auto).task(), "linear");
    let classes = task(TaskChoice::Multinomial);
    let three = target(numbers(&[10.0, 2.0, 1.0, 10.0, 2.0, 1.0]), &classes);
    assert_eq!(labels(&three), ["1", "10", "2"]);
    assert_eq!(three.codes().unwrap(), [1, 2, 0, 1, 2, 0]);
    assert_eq!(three.counts(), [2, 2, 2]);
    assert_eq!(
        target(numbers(&[0.0, 1.0]), &task(TaskChoice::Linear)).task(),
        "linear"
    );
    let two = target(texts(&["b", "a", "a", "b"]), &classes);
    assert_eq!((two.task(), labels(&two)), ("multinomial", vec!["a", "b"]));
}

#[test]
fn the_positive_label_is_the_affirmative_or_the_last() {
    let auto = TargetOptions::default();
    for (cells, expected) in [
        (["Yes", "no"], ["no", "Yes"]),
        (["NO", "yes"], ["NO", "yes"]),
        (["true", "False"], ["False", "true"]),
        (["T", "f"], ["f", "T"]),
        (["Y", "n"], ["n", "Y"]),
        (["1", "0"], ["0", "1"]),
        (["malignant", "benign"], ["benign", "malignant"]),
        (["yes", "true"], ["true", "yes"]),
        (["é", "z"], ["z", "é"]),
    ] {
        assert_eq!(labels(&target(texts(&cells), &auto)), expected, "{cells:?}");
        // The order of the rows and the balance of the classes change nothing.
        assert_eq!(
            labels(&target(texts(&[cells[1], cells[0], cells[1]]), &auto)),
            expected
        );
    }
    let target = target(numbers(&[1.0, 0.0, -0.0]), &auto);
    assert_eq!(labels(&target), ["0", "1"]);
    assert_eq!(
        target,
        Target::Binary {
            labels: ["0".into(), "1".into()],
            values: vec![1.0, 0.0, 0.0]
        }
    );
}

#[test]
fn the_positive_label_can_be_chosen() {
    assert_eq!(
        labels(&target(texts(&["a", "b"]), &positive("a"))),
        ["b", "a"]
    );
    assert_eq!(
        labels(&target(numbers(&[1.0, 2.0]), &positive("1.0"))),
        ["2", "1"]
    );
    assert_eq!(
        labels(&target(texts(&["yes", "no"]), &positive("NO"))),
        ["yes", "no"]
    );
    let rest = target(texts(&["a", "b", "c", "a"]), &positive("a"));
    assert_eq!(
        (labels(&rest), rest.counts()),
        (vec!["not a", "a"], vec![2, 2])
    );
    let rest = target(numbers(&[3.0, 4.0, 5.0]), &positive("4"));
    assert_eq!(
        (labels(&rest), rest.counts()),
        (vec!["not 4", "4"], vec![2, 1])
    );
    // A text that looks like a comparison is a label where it occurs.
    assert_eq!(
        labels(&target(texts(&["<=50", ">50"]), &positive(">50"))),
        ["<=50", ">50"]
    );
}

#[test]
fn a_comparison_makes_a_binary_target() {
    let late = target(numbers(&[10.0, 15.0, 20.0]), &positive(">15"));
    assert_eq!(labels(&late), ["<=15", ">15"]);
    assert_eq!(
        late,
        Target::Binary {
            labels: ["<=15".into(), ">15".into()],
            values: vec![0.0, 0.0, 1.0]
        }
    );
}

#[test]
fn targets_that_cannot_be_predicted() {
    let auto = TargetOptions::default();
    let y = || "y".to_string();
    let error = fails(texts(&["a", "a", ""]), &auto);
    assert_eq!(
        error,
        TargetError::OneValue {
            column: y(),
            value: "a".into()
        }
    );
    let error = fails(numbers(&[2.0, 2.0]), &task(TaskChoice::Linear));
    assert_eq!(
        error.to_string(),
        "target `y` has one value in all rows: \"2\""
    );
    let error = fails(numbers(&[2.0, 3.0]), &positive(">5"));
    assert_eq!(
        error,
        TargetError::OneValue {
            column: y(),
            value: "<=5".into()
        }
    );
    let error = fails(numbers(&[2.0, 3.0]), &positive("<5"));
    assert_eq!(
        error,
        TargetError::OneValue {
            column: y(),
            value: "<5".into()
        }
    );
    assert_eq!(
        fails(texts(&["", ""]), &auto),
        TargetError::AllMissing { column: y() }
    );
    let names: Vec<String> = (0..344).map(|row| format!("p{row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let error = fails(texts(&names), &auto);
    let message = "target `y` has 344 different values in 344 rows, too many to be classes";
    assert_eq!(error.to_string(), message);
    let many: Vec<f64> = (0..303).map(|row| f64::from(row % 101)).collect();
    let error = fails(numbers(&many), &task(TaskChoice::Multinomial));
    assert_eq!(
        error,
        TargetError::TooManyClasses {
            column: y(),
            classes: 101,
            rows: 303
        }
    );
    let error = fails(texts(&["a", "b", "c"]), &task(TaskChoice::Binary));
    assert_eq!(
        error,
        TargetError::NotBinary {
            column: y(),
            values: 3
        }
    );
    let error = fails(texts(&["a", "b"]), &task(TaskChoice::Linear));
    assert_eq!(error, TargetError::NotNumeric { column: y() });
}

#[test]
fn positive_labels_that_do_not_fit() {
    let error = fails(texts(&["malignant", "benign"]), &positive("malignent"));
    let message = "target `y` is never \"malignent\" (nearest: `malignant`)";
    assert_eq!(error.to_string(), message);
    assert_eq!(error.remedy().unwrap(), "--positive malignant");
    let error = fails(texts(&["a", "b"]), &positive("quite else"));
    assert!(matches!(
        error,
        TargetError::UnknownPositive { nearest: None, .. }
    ));
    assert_eq!(error.remedy().unwrap(), "--positive with one of a, b");
    let error = fails(texts(&["a", "b"]), &positive(">15"));
    assert!(
        matches!(error, TargetError::ThresholdOnText { .. }),
        "{error}"
    );
    for other in [TaskChoice::Linear, TaskChoice::Multinomial] {
        let options = TargetOptions {
            task: other,
            ..positive("a")
        };
        let error = fails(texts(&["a", "b"]), &options);
        assert_eq!(error, TargetError::PositiveOfAnotherTask { task: other });
    }
}

#[test]
fn a_schema_without_target_or_of_another_table() {
    let (table, _) = texts(&["a", "b"]);
    let none = prepare(&table, &Schema::default(), &TargetOptions::default());
    assert!(matches!(none.unwrap_err(), TargetError::NoTarget { .. }));
    let other = schema(&[("z", Kind::Numeric, Role::Target)]);
    let error = prepare(&table, &other, &TargetOptions::default()).unwrap_err();
    assert_eq!(error, TargetError::AbsentColumn { column: "z".into() });
}

/// A table with a target, a feature, a weight and an offset.
fn weighted(y: &[Option<&str>], x: &[f64], w: &[f64], o: &[f64]) -> (Table, Schema) {
    let table = Table::new(
        "t.csv",
        vec![
            Column::text("y", y.iter().copied()),
            Column::numeric("x", x.to_vec()),
            Column::numeric("w", w.to_vec()),
            Column::numeric("o", o.to_vec()),
        ],
    );
    let schema = schema(&[
        ("y", Kind::Categorical, Role::Target),
        ("x", Kind::Numeric, Role::Feature),
        ("w", Kind::Numeric, Role::Weight),
        ("o", Kind::Numeric, Role::Offset),
    ]);
    (table.unwrap(), schema)
}

const NAN: f64 = f64::NAN;

#[test]
fn rows_that_cannot_be_used_are_dropped_and_counted() {
    let (table, schema) = weighted(
        &[Some("a"), None, Some("b"), Some("c"), Some("a"), Some("b")],
        &[1.0, 2.0, NAN, 4.0, 5.0, 6.0],
        &[1.0, NAN, 2.0, 0.0, 3.0, 4.0],
        &[0.1, NAN, NAN, NAN, 0.5, 0.6],
    );
    let options = TargetOptions {
        missing: MissingPolicy::Drop,
        ..TargetOptions::default()
    };
    let prepared = prepare(&table, &schema, &options).unwrap();
    assert_eq!(prepared.rows, [0, 4, 5]);
    assert_eq!(prepared.weights.as_deref(), Some(&[1.0, 3.0, 4.0][..]));
    assert_eq!(prepared.offsets.as_deref(), Some(&[0.1, 0.5, 0.6][..]));
    assert_eq!(labels(&prepared.target), ["a", "b"]);
    assert_eq!(prepared.dropped_zero_weight, 1);
    assert_eq!(prepared.dropped_missing_target, 1);
    assert_eq!(prepared.dropped_missing_cells, 1);
    assert_eq!(
        prepared.notes,
        [
            "1 row of weight 0 left out",
            "1 row without y dropped",
            "1 row with missing cells dropped (x 1)",
        ]
    );
    let part = prepared.select(&[2, 0]);
    assert_eq!(part.rows, [5, 0]);
    assert_eq!(part.weights.as_deref(), Some(&[4.0, 1.0][..]));
    assert_eq!(part.offsets.as_deref(), Some(&[0.6, 0.1][..]));
    assert_eq!(part.target.codes().unwrap(), [1, 0]);
}

#[test]
fn weights_and_offsets_that_cannot_be_used() {
    let y = [Some("a"), Some("b")];
    let auto = TargetOptions::default();
    let error = fails(weighted(&y, &[1.0; 2], &[1.0, NAN], &[0.0; 2]), &auto);
    assert_eq!(error.to_string(), "t.csv:2: weight `w` is missing");
    assert!(matches!(error, TargetError::MissingWeight { .. }));
    let error = fails(weighted(&y, &[1.0; 2], &[-1.5, 1.0], &[0.0; 2]), &auto);
    assert_eq!(error.to_string(), "t.csv:1: weight `w` is -1.5, below 0");
    let error = fails(weighted(&y, &[1.0; 2], &[0.0; 2], &[0.0; 2]), &auto);
    assert_eq!(error, TargetError::AllZeroWeights { column: "w".into() });
    let error = fails(weighted(&y, &[1.0; 2], &[1.0; 2], &[0.0, NAN]), &auto);
    assert_eq!(error.to_string(), "t.csv:2: offset `o` is missing");
    let (table, mut schema) = weighted(&y, &[1.0; 2], &[1.0; 2], &[0.0; 2]);
    schema.columns[0].role = Role::Weight;
    schema.columns[2].role = Role::Target;
    let error = prepare(&table, &schema, &auto).unwrap_err();
    assert_eq!(error, TargetError::NotNumeric { column: "y".into() });
}

#[test]
fn missing_features_can_be_refused() {
    let parts = || weighted(&[Some("a"), Some("b")], &[1.0, NAN], &[1.0; 2], &[0.0; 2]);
    let options = TargetOptions {
        missing: MissingPolicy::Error,
        ..TargetOptions::default()
    };
    let error = fails(parts(), &options);
    let message = "t.csv:2: column `x` is missing, as it is in 1 row altogether";
    assert_eq!(error.to_string(), message);
    assert_eq!(
        error.remedy().unwrap(),
        "--missing impute, or --missing drop"
    );
    let imputed = prepare(&parts().0, &parts().1, &TargetOptions::default()).unwrap();
    assert_eq!(imputed.rows, [0, 1]);
}

#[test]
fn every_error_has_a_next_step_but_those_of_the_program() {
    let (table, schema) = texts(&["a", "b", "c"]);
    for options in [
        positive(">1"),
        positive("d"),
        task(TaskChoice::Binary),
        task(TaskChoice::Linear),
    ] {
        assert!(
            prepare(&table, &schema, &options)
                .unwrap_err()
                .remedy()
                .is_some()
        );
    }
}

proptest! {
    #[test]
    fn labels_and_codes_give_the_cells_back(
        cells in proptest::collection::vec("[a-d]{1,2}", 2..40),
    ) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let (table, schema) = texts(&cells);
        let Ok(prepared) = prepare(&table, &schema, &task(TaskChoice::Multinomial)) else {
            return Ok(());
        };
        let labels = prepared.target.labels();
        prop_assert!(labels.is_sorted());
        let back: Vec<&str> = prepared
            .target
            .codes()
            .unwrap()
            .iter()
            .map(|&code| labels[code as usize].as_str())
            .collect();
        prop_assert_eq!(back, cells);
    }
}

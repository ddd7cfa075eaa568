//! Where the rows live changes no bit.

use std::ops::Range;

use dataset::{
    Column, ColumnSchema, DesignMatrix, Element, Kind, Pipeline, PipelineError, PipelineOptions,
    Role, RowSource, RowSourceError, Schema, Table,
};
use solver::{
    Fit, HostObjective, Newton, ObjectiveError, Penalty, Problem, Stop, TargetValues, certify,
    dependences, fit, separation,
};

const ROWS: usize = 9_000;

/// Numbers, some missing, and levels.
fn table() -> (Table, Schema) {
    let number = |row: usize, step: usize| ((row * step + row / 7) % 1009) as f64 / 100.0;
    let some = |row: usize| {
        if row % 89 == 5 {
            f64::NAN
        } else {
            1e5 + number(row, 31)
        }
    };
    let levels = ["a", "b", "c", ""];
    let columns = vec![
        Column::numeric("x", (0..ROWS).map(|row| number(row, 577)).collect()),
        Column::text(
            "level",
            (0..ROWS).map(|row| Some(levels[row * row % 11 % 4]).filter(|text| !text.is_empty())),
        ),
        Column::numeric("y", (0..ROWS).map(some).collect()),
    ];
    let kinds = [Kind::Numeric, Kind::Categorical, Kind::Numeric];
    let schema = columns
        .iter()
        .zip(kinds)
        .map(|(column, kind)| ColumnSchema::new(&*column.name, kind, Role::Feature));
    let schema = Schema {
        columns: schema.collect(),
    };
    (Table::new("t.csv", columns).unwrap(), schema)
}

fn assert_same(one: &Fit, other: &Fit) {
    assert_eq!(one, other);
    let bits = |fit: &Fit| {
        fit.solution
            .theta
            .iter()
            .map(|t| t.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(one), bits(other));
}

fn check<T: Element>(rows: &[usize], weights: Option<&[f64]>) {
    let (table, schema) = table();
    let options = PipelineOptions::default();
    let pipeline = Pipeline::fit(&table, &schema, rows, None, &options).unwrap();
    let (design, _) = pipeline.design::<T>(&table, rows).unwrap();
    let encoded = pipeline.encoded_rows(&table, rows).unwrap();
    let binary: Vec<f64> = rows
        .iter()
        .map(|row| f64::from(u8::from(row % 7 < 3)))
        .collect();
    let codes: Vec<u32> = rows.iter().map(|row| (row % 13 % 3) as u32).collect();
    let targets = [
        TargetValues::Binary(&binary),
        TargetValues::Linear(&binary),
        TargetValues::Multinomial {
            codes: &codes,
            classes: 3,
        },
    ];
    for target in targets {
        let solve = |source: &dyn RowSource<T>| {
            let problem = Problem {
                weights,
                penalty: Penalty::ridge(1e-3),
                ..Problem::new(source, target)
            };
            let objective = HostObjective::new(problem).unwrap();
            let start = vec![0.0; problem.dimension()];
            let found = fit(&objective, &Newton::default(), &start, &Stop::default()).unwrap();
            let verdict = separation(&objective, None).unwrap();
            (found, verdict, dependences(&objective).unwrap())
        };
        let (resident, streamed) = (solve(&design), solve(&encoded));
        assert!(resident.0.certificate.holds());
        assert_same(&resident.0, &streamed.0);
        assert_eq!((resident.1, resident.2), (streamed.1, streamed.2));
    }
}

#[test]
fn rows_encoded_on_demand_give_the_bits_of_the_resident_matrix() {
    let all: Vec<usize> = (0..ROWS).collect();
    let some: Vec<usize> = (0..ROWS).filter(|row| row % 5 != 1).collect();
    let weights: Vec<f64> = (0..some.len()).map(|i| [0.5, 0.0, 2.0][i % 3]).collect();
    check::<f32>(&all, None);
    check::<f64>(&some, None);
    check::<f32>(&some, Some(&weights));
    check::<f64>(&some, Some(&weights));
}

/// Fails from some row on.
#[derive(Debug)]
struct Broken(DesignMatrix<f64>, usize);

impl RowSource<f64> for Broken {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<f64>,
    ) -> Result<&'s [f64], RowSourceError> {
        if rows.end > self.1 {
            return Err(PipelineError::NoRows.into());
        }
        self.0.cells(rows, scratch)
    }
}

#[test]
fn a_source_that_fails_is_an_error() {
    let design = DesignMatrix::new(10_000, 1, (0..10_000).map(f64::from).collect()).unwrap();
    let target: Vec<f64> = (0..10_000).map(|i| f64::from(i % 2)).collect();
    let broken = Broken(design, 9_000);
    let problem = Problem::new(&broken, TargetValues::Binary(&target));
    for error in [
        HostObjective::new(problem).unwrap_err(),
        certify(&problem, &[0.0, 0.0]).unwrap_err(),
    ] {
        assert!(matches!(
            error,
            ObjectiveError::Rows(RowSourceError::Pipeline(_))
        ));
        assert_eq!(error.to_string(), "no rows to fit on");
    }
}

//! Sparse rows beside the same rows dense: sums, solutions, certificates, bits.

#![allow(
    clippy::float_cmp,
    reason = "bits are compared where they must be equal"
)]
#![allow(clippy::cast_sign_loss, reason = "drawn columns are not negative")]
#![allow(clippy::needless_range_loop, reason = "an index into several lists")]

use dataset::{DesignMatrix, RowSource, SparseDesign, SparseMatrix};
use faer::Mat;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use solver::{
    HostObjective, Lbfgs, Newton, NewtonCg, Objective, Penalty, Problem, Status, Stop,
    TargetValues, certify, coordinate, duality_gap, fit, minimize,
};

use crate::problems::{LOSSES, Loss, normal};

/// What is done to the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    Plain,
    Scaled,
    Centred,
}

const COLUMNS: [Columns; 3] = [Columns::Plain, Columns::Scaled, Columns::Centred];

/// Rows of which little is stored, but for one column that is nearly full, one that is full and far from zero, and one
/// that is empty; some rows are empty.
#[derive(Debug, Clone)]
struct Sparse {
    design: SparseDesign,
    binary: Vec<f64>,
    codes: Vec<u32>,
    linear: Vec<f64>,
    weights: Vec<f64>,
    offsets: Vec<f64>,
}

const CLASSES: usize = 3;

fn sparse(seed: u64, rows: usize, columns: usize, treatment: Columns) -> Sparse {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut cells = vec![0.0; rows * columns];
    for (row, cells) in cells.chunks_exact_mut(columns).enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            let share = match column {
                0 => 0.9,
                1 => 1.0,
                2 => 0.0,
                _ => 2.0 / (column as f64 + 3.0),
            };
            if row % 17 != 5 && random.random_bool(share) {
                *cell = normal(&mut random) + if column < 2 { 30.0 } else { 0.5 };
            }
        }
    }
    let effect = |column: usize| 0.5 * (column as f64 * 1.7).sin();
    let scores: Vec<f64> = (cells.chunks_exact(columns))
        .map(|row| {
            let row = row.iter().enumerate().skip(2);
            row.map(|(j, x)| effect(j) * x).sum::<f64>() + normal(&mut random)
        })
        .collect();
    Sparse {
        design: stored(&cells, columns, treatment),
        binary: scores
            .iter()
            .map(|z| f64::from(u8::from(*z > 0.1)))
            .collect(),
        codes: scores
            .iter()
            .map(|z| u32::from(*z > -0.4) + u32::from(*z > 0.5))
            .collect(),
        linear: scores,
        weights: (0..rows).map(|row| [1.0, 0.5, 0.0, 2.0][row % 4]).collect(),
        offsets: (0..rows * CLASSES)
            .map(|_| 0.3 * normal(&mut random))
            .collect(),
    }
}

/// Dense cells, row after row, as what is stored of them.
fn stored(cells: &[f64], columns: usize, treatment: Columns) -> SparseDesign {
    let rows = cells.len() / columns;
    let (mut offsets, mut positions, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in cells.chunks_exact(columns) {
        for (column, &cell) in row.iter().enumerate() {
            if cell != 0.0 {
                positions.push(column as u32);
                values.push(cell);
            }
        }
        offsets.push(values.len());
    }
    let matrix = SparseMatrix::new(columns, offsets, positions, values).unwrap();
    let column = |j: usize| (0..rows).map(move |row| cells[row * columns + j]);
    let means: Vec<f64> = (0..columns)
        .map(|j| column(j).sum::<f64>() / rows as f64)
        .collect();
    let scales: Vec<f64> = (0..columns)
        .map(|j| {
            let squares = column(j).map(|x| (x - means[j]).powi(2)).sum::<f64>();
            let deviation = (squares / rows as f64).sqrt();
            if deviation > 0.0 { deviation } else { 1.0 }
        })
        .collect();
    match treatment {
        Columns::Plain => SparseDesign::unscaled(matrix),
        Columns::Scaled => SparseDesign::new(matrix, vec![0.0; columns], scales).unwrap(),
        Columns::Centred => SparseDesign::new(matrix, means, scales).unwrap(),
    }
}

impl Sparse {
    fn dense(&self) -> DesignMatrix<f64> {
        let (rows, columns) = (self.design.rows(), self.design.columns());
        let mut scratch = Vec::new();
        let cells = self.design.cells(0..rows, &mut scratch).unwrap().to_vec();
        DesignMatrix::new(rows, columns, cells).unwrap()
    }

    fn problem<'p>(
        &'p self,
        design: &'p dyn RowSource<f64>,
        loss: Loss,
        penalty: Penalty,
        extras: bool,
        intercept: bool,
    ) -> Problem<'p, f64> {
        let target = match loss {
            Loss::Binary => TargetValues::Binary(&self.binary),
            Loss::Linear => TargetValues::Linear(&self.linear),
            Loss::Multinomial => TargetValues::Multinomial {
                codes: &self.codes,
                classes: CLASSES,
            },
        };
        let offsets = &self.offsets[..self.design.rows() * target.outputs()];
        Problem {
            design,
            target,
            weights: extras.then_some(&self.weights),
            offsets: extras.then_some(offsets),
            intercept,
            penalty,
        }
    }
}

/// Every loss, treatment of columns, with and without weights and offsets, with and without intercept.
fn each(
    test: impl Fn(
        &Sparse,
        &dyn Fn(&dyn RowSource<f64>, Penalty, &mut dyn FnMut(Problem<'_, f64>)),
        String,
    ),
) {
    for treatment in COLUMNS {
        let data = sparse(7, 200, 12, treatment);
        for loss in LOSSES {
            for extras in [false, true] {
                for intercept in [true, false] {
                    let with =
                        |design: &dyn RowSource<f64>,
                         penalty,
                         visit: &mut dyn FnMut(Problem<'_, f64>)| {
                            visit(data.problem(design, loss, penalty, extras, intercept));
                        };
                    let name =
                        format!("{treatment:?} {loss:?} extras {extras} intercept {intercept}");
                    test(&data, &with, name);
                }
            }
        }
    }
}

fn assert_close(found: &[f64], expected: &[f64], relative: f64, name: &str) {
    let size = expected.iter().fold(1e-3, |most: f64, x| most.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= relative * size,
            "{name}: {a} and {b} at {i}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{name}");
}

fn flat(matrix: &Mat<f64>) -> Vec<f64> {
    let columns = (0..matrix.ncols()).flat_map(|j| (0..matrix.nrows()).map(move |i| (i, j)));
    columns.map(|(i, j)| matrix[(i, j)]).collect()
}

#[test]
fn sums_are_those_of_the_dense_rows() {
    each(|data, with, name| {
        let dense = data.dense();
        let mut found = Vec::new();
        for design in [&data.design as &dyn RowSource<f64>, &dense] {
            with(design, Penalty::ridge(0.1), &mut |problem| {
                let objective = HostObjective::new(problem).unwrap();
                let size = objective.dimension();
                let theta: Vec<f64> = (0..size).map(|i| 0.2 * (i as f64 * 0.9).cos()).collect();
                let mut gradient = vec![0.0; size];
                let mut curvature = Mat::new();
                let value = objective
                    .curvature(&theta, &mut gradient, &mut curvature)
                    .unwrap();
                assert_eq!(objective.value(&theta).unwrap(), value);
                let product = objective.curvature_product(&theta).unwrap().unwrap();
                let mut bent = vec![0.0; size];
                product.multiply(&theta, &mut bent).unwrap();
                let by_hand: Vec<f64> = (0..size)
                    .map(|i| (0..size).map(|j| curvature[(i, j)] * theta[j]).sum())
                    .collect();
                assert_close(&bent, &by_hand, 1e-12, &name);
                let diagonal: Vec<f64> = (0..size).map(|i| curvature[(i, i)]).collect();
                assert_close(&product.diagonal().unwrap(), &diagonal, 1e-12, &name);
                let change = objective.score_change(&theta).unwrap().unwrap();
                found.push((vec![value, change], gradient, flat(&curvature)));
            });
        }
        let [sparse, dense] = &found[..] else {
            panic!()
        };
        assert_close(&sparse.0, &dense.0, 1e-13, &name);
        assert_close(&sparse.1, &dense.1, 1e-12, &name);
        assert_close(&sparse.2, &dense.2, 1e-12, &name);
    });
}

#[test]
fn products_agree_with_central_differences_of_the_gradient() {
    each(|data, with, name| {
        with(&data.design, Penalty::ridge(0.05), &mut |problem| {
            let objective = HostObjective::new(problem).unwrap();
            let size = objective.dimension();
            // the plain columns far from zero would saturate the rows
            let theta: Vec<f64> = (0..size).map(|i| 0.002 * (i as f64).sin()).collect();
            let direction: Vec<f64> = (0..size).map(|i| (i as f64 * 2.3).cos()).collect();
            let at = |step: f64| {
                let mut gradient = vec![0.0; size];
                let moved: Vec<f64> = theta
                    .iter()
                    .zip(&direction)
                    .map(|(t, d)| t + step * d)
                    .collect();
                objective.gradient(&moved, &mut gradient).unwrap();
                gradient
            };
            let step = 1e-6;
            let (above, below) = (at(step), at(-step));
            let expected: Vec<f64> = above
                .iter()
                .zip(&below)
                .map(|(a, b)| (a - b) / (2.0 * step))
                .collect();
            let mut product = vec![0.0; size];
            let curvature = objective.curvature_product(&theta).unwrap().unwrap();
            curvature.multiply(&direction, &mut product).unwrap();
            assert_close(&product, &expected, 1e-6, &name);
        });
    });
}

#[test]
fn solutions_and_certificates_are_those_of_the_dense_rows() {
    each(|data, with, name| {
        let dense = data.dense();
        let mut expected = Vec::new();
        with(&dense, Penalty::ridge(0.02), &mut |problem| {
            let objective = HostObjective::new(problem).unwrap();
            let start = vec![0.0; objective.dimension()];
            let found = fit(&objective, &Newton::default(), &start, &Stop::default()).unwrap();
            assert_eq!(found.solution.status, Status::Converged, "{name}");
            expected = found.solution.theta;
        });
        with(&data.design, Penalty::ridge(0.02), &mut |problem| {
            let objective = HostObjective::new(problem).unwrap();
            let start = vec![0.0; objective.dimension()];
            let stop = Stop {
                max_iterations: 2000,
                ..Stop::default()
            };
            let newton = fit(&objective, &Newton::default(), &start, &stop).unwrap();
            let cg = fit(&objective, &NewtonCg::default(), &start, &stop).unwrap();
            let lbfgs = fit(&objective, &Lbfgs::sized(start.len()), &start, &stop).unwrap();
            for found in [newton, cg, lbfgs] {
                assert_eq!(
                    found.solution.status,
                    Status::Converged,
                    "{name}: {found:?}"
                );
                assert!(
                    found.certificate.holds(),
                    "{name}: {:?}",
                    found.certificate.reason
                );
                assert_close(&found.solution.theta, &expected, 1e-6, &name);
            }
        });
    });
}

#[test]
fn newton_cg_takes_dense_rows_too() {
    let data = sparse(3, 300, 20, Columns::Centred);
    let dense = data.dense();
    let problem = data.problem(&dense, Loss::Binary, Penalty::ridge(0.01), true, true);
    let objective = HostObjective::new(problem).unwrap();
    let found = fit(
        &objective,
        &NewtonCg::default(),
        &[0.0; 21],
        &Stop::default(),
    )
    .unwrap();
    assert_eq!(found.solution.status, Status::Converged);
    let newton = minimize(&Newton::default(), &objective, &[0.0; 21], &Stop::default()).unwrap();
    assert_close(&found.solution.theta, &newton.theta, 1e-8, "newton-cg");
}

#[test]
fn separated_sparse_rows_are_called_so() {
    let mut data = sparse(5, 80, 10, Columns::Scaled);
    let dense = data.dense();
    data.binary = (0..80)
        .map(|row| f64::from(u8::from(dense.row(row)[4] > 0.0)))
        .collect();
    let problem = data.problem(&data.design, Loss::Binary, Penalty::NONE, false, true);
    let objective = HostObjective::new(problem).unwrap();
    for status in [
        fit(&objective, &Newton::default(), &[0.0; 11], &Stop::default())
            .unwrap()
            .solution
            .status,
        fit(
            &objective,
            &NewtonCg::default(),
            &[0.0; 11],
            &Stop::default(),
        )
        .unwrap()
        .solution
        .status,
    ] {
        assert_eq!(status, Status::Separated);
    }
}

/// A wide problem of many small pieces, with every treatment.
fn wide(treatment: Columns) -> Sparse {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (rows, columns) = (3_000, 5_000);
    let (mut offsets, mut positions, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut targets = Vec::new();
    for _ in 0..rows {
        let mut row: Vec<u32> = (0..30)
            .map(|_| ((columns as f64 + 1.0).powf(random.random_range(0.0..1.0)) - 1.0) as u32)
            .collect();
        row.sort_unstable();
        row.dedup();
        let score: f64 = row.iter().map(|&j| (f64::from(j) * 1.3).sin()).sum();
        values.extend(row.iter().map(|&j| 1.0 + 0.1 * f64::from(j % 7)));
        positions.extend(row);
        offsets.push(values.len());
        targets.push(score + normal(&mut random));
    }
    let matrix = SparseMatrix::new(columns, offsets, positions, values).unwrap();
    let means = (0..columns).map(|j| 1.0 / (j as f64 + 2.0));
    let means: Vec<f64> = means
        .map(|m| {
            if treatment == Columns::Centred {
                m
            } else {
                0.0
            }
        })
        .collect();
    let scales = vec![
        if treatment == Columns::Plain {
            1.0
        } else {
            0.5
        };
        columns
    ];
    Sparse {
        design: SparseDesign::new(matrix, means, scales).unwrap(),
        binary: targets
            .iter()
            .map(|z| f64::from(u8::from(*z > 0.0)))
            .collect(),
        codes: targets
            .iter()
            .map(|z| u32::from(*z > -1.0) + u32::from(*z > 1.0))
            .collect(),
        linear: targets,
        weights: vec![1.0; rows],
        offsets: vec![0.0; rows * CLASSES],
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut bits = Vec::new();
            for treatment in COLUMNS {
                let data = wide(treatment);
                for loss in LOSSES {
                    let ridge = data.problem(&data.design, loss, Penalty::ridge(0.01), true, true);
                    let objective = HostObjective::new(ridge).unwrap();
                    let start = vec![0.0; objective.dimension()];
                    let stop = Stop {
                        max_iterations: 4,
                        ..Stop::default()
                    };
                    let found = minimize(&NewtonCg::default(), &objective, &start, &stop).unwrap();
                    bits.extend(found.theta.iter().map(|t| t.to_bits()));
                    let certificate = certify(&ridge, &found.theta).unwrap();
                    bits.push(certificate.gradient_max.to_bits());
                    let lasso = Penalty {
                        lambda: 0.01,
                        l1_ratio: 1.0,
                    };
                    let lasso = data.problem(&data.design, loss, lasso, true, true);
                    let objective = HostObjective::new(lasso).unwrap();
                    let found = coordinate(&objective, &start, &stop).unwrap();
                    bits.extend(found.theta.iter().map(|t| t.to_bits()));
                    let gap = duality_gap(&objective, &found.theta).unwrap();
                    bits.push(gap.gap.unwrap().to_bits());
                }
            }
            bits
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(7));
}

#[test]
fn an_l1_part_gives_the_dense_solution_and_its_conditions_hold() {
    for ratio in [1.0, 0.5] {
        each(|data, with, name| {
            let penalty = Penalty {
                lambda: 0.03,
                l1_ratio: ratio,
            };
            let dense = data.dense();
            let stop = Stop {
                max_iterations: 500,
                ..Stop::default()
            };
            let mut expected = Vec::new();
            with(&dense, penalty, &mut |problem| {
                let objective = HostObjective::new(problem).unwrap();
                let start = vec![0.0; objective.dimension()];
                expected.push(coordinate(&objective, &start, &stop).unwrap());
            });
            with(&data.design, penalty, &mut |problem| {
                let objective = HostObjective::new(problem).unwrap();
                let size = objective.dimension();
                let found = coordinate(&objective, &vec![0.0; size], &stop).unwrap();
                assert_eq!(
                    found.status,
                    Status::Converged,
                    "{name} {ratio}: {:?}",
                    found.detail
                );
                let expected = &expected[0];
                assert!(
                    (found.objective - expected.objective).abs() <= 1e-11 * expected.objective,
                    "{name} {ratio}: {} and {}",
                    found.objective,
                    expected.objective
                );
                // the conditions, from the gradient of the smooth part
                let smooth = objective
                    .with_penalty(Penalty {
                        lambda: 0.0,
                        l1_ratio: 0.0,
                    })
                    .unwrap();
                let mut gradient = vec![0.0; size];
                smooth.gradient(&found.theta, &mut gradient).unwrap();
                for at in 0..size {
                    let l1 = objective.l1_at(at);
                    let l2 = if l1 > 0.0 {
                        penalty.lambda * (1.0 - ratio)
                    } else {
                        0.0
                    };
                    let (beta, g) = (found.theta[at], gradient[at] + l2 * found.theta[at]);
                    let wrong = if beta == 0.0 {
                        (g.abs() - l1).max(0.0)
                    } else {
                        (g + l1 * beta.signum()).abs()
                    };
                    assert!(
                        wrong <= 1e-9 * objective.scale(),
                        "{name} {ratio}: {wrong} at {at}"
                    );
                }
                let gap = duality_gap(&objective, &found.theta).unwrap();
                assert!(gap.gap.unwrap() < 1e-8, "{name} {ratio}: {gap:?}");
                let zeros = |theta: &[f64]| theta.iter().filter(|b| **b == 0.0).count();
                if ratio == 1.0 && problem.target.outputs() == 1 {
                    assert_eq!(zeros(&found.theta), zeros(&expected.theta), "{name}");
                }
            });
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nasty_rows_end_with_an_honest_status(
        seed in any::<u64>(),
        rows in 1..12_usize,
        columns in 1..8_usize,
        share in 0.0..0.7_f64,
        loss in 0..3_usize,
        treatment in 0..3_usize,
        l1 in any::<bool>(),
        magnitude in -120..120_i32,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let cells: Vec<f64> = (0..rows * columns)
            .map(|_| if random.random_bool(share) { normal(&mut random) * 10f64.powi(magnitude) } else { 0.0 })
            .collect();
        let data = Sparse {
            design: stored(&cells, columns, COLUMNS[treatment]),
            binary: (0..rows).map(|_| f64::from(u8::from(random.random_bool(0.5)))).collect(),
            codes: (0..rows).map(|_| random.random_range(0..3)).collect(),
            linear: (0..rows).map(|_| normal(&mut random)).collect(),
            weights: (0..rows).map(|row| if row > 0 && row % 3 == 0 { 0.0 } else { 1.5 }).collect(),
            offsets: vec![0.1; rows * CLASSES],
        };
        let penalty = if l1 { Penalty { lambda: 0.1, l1_ratio: 1.0 } } else { Penalty::ridge(0.1) };
        let problem = data.problem(&data.design, LOSSES[loss], penalty, true, true);
        // scales may overflow, and say so
        let Ok(objective) = HostObjective::new(problem) else { return Ok(()) };
        let start = vec![0.0; objective.dimension()];
        let found = if l1 {
            coordinate(&objective, &start, &Stop::default()).unwrap()
        } else {
            fit(&objective, &NewtonCg::default(), &start, &Stop::default()).unwrap().solution
        };
        prop_assert!(found.theta.iter().all(|t| t.is_finite()));
        if found.status == Status::Converged {
            let certificate = certify(&problem, &found.theta).unwrap();
            let gap = duality_gap(&objective, &found.theta).unwrap();
            if let (Some(error), Some(other)) = (certificate.probability_error, gap.probability_error) {
                // both bound the same distance, so neither can prove the other wrong: only absurd if huge
                prop_assert!(error.min(other) < 0.05, "{error} {other}");
            }
        }
    }
}

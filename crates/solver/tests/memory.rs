//! What a fit and its certificate hold beside the rows, counted by the allocator of a process of
//! its own. `cargo test -p solver --test memory -- --nocapture` prints it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]
#![allow(clippy::print_stderr, reason = "what was measured is printed")]

use std::sync::{Mutex, PoisonError};

use dataset::{DesignMatrix, Element, SparseDesign, SparseMatrix};
use peak_alloc::PeakAlloc;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use solver::{
    Choice, HostObjective, LeastSquaresMethod, Objective, Penalty, Plan, Problem, Shape, Status,
    Stop, TargetValues, certify, conclude, coordinate, duality_gap, least_squares,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Threads have memory of their own for blocks of rows, so their number is fixed.
const THREADS: usize = 2;

/// What may be held beside the rows: this share of the design matrix, and so many bytes.
const SHARE: f64 = 0.05;
const BYTES: f64 = 50e6;

/// Targets of every kind for the same rows.
struct Targets {
    binary: Vec<f64>,
    codes: Vec<u32>,
    linear: Vec<f64>,
}

/// Columns of variance 1, each with an effect on the target.
fn generated<T: Element>(rows: usize, columns: usize) -> (DesignMatrix<T>, Targets) {
    let mut values = vec![T::from_f64(0.0); rows * columns];
    let scale = 2.0 / (columns as f64).sqrt();
    let fill = |(row, cells): (usize, &mut [T])| {
        let mut random = ChaCha8Rng::seed_from_u64(row as u64);
        let mut uniform = || 3.0_f64.sqrt() * random.random_range(-1.0..1.0);
        let mut score = 2.0 * uniform();
        for (column, cell) in cells.iter_mut().enumerate() {
            let value = uniform();
            *cell = T::from_f64(value);
            score += scale * if column % 2 == 0 { value } else { -value };
        }
        score
    };
    let chunks = values.par_chunks_mut(columns).enumerate();
    let linear: Vec<f64> = chunks.map(fill).collect();
    let class = |&z: &f64| u32::from(z > -0.8) + u32::from(z > 0.8);
    let targets = Targets {
        binary: linear.iter().map(|&z| f64::from(z > 0.0)).collect(),
        codes: linear.iter().map(class).collect(),
        linear,
    };
    (DesignMatrix::new(rows, columns, values).unwrap(), targets)
}

/// Bytes that `work` holds at its peak beyond those that are held before it.
fn peak<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = work();
    (result, MEMORY.peak_usage().saturating_sub(before))
}

/// Fits and certifies a problem as `auto` does, and holds the memory of both to its bound.
fn assert_frugal<T: Element>(name: &str, problem: &Problem<'_, T>) {
    let shape = Shape::of(problem);
    let plan = Choice::auto(&shape).plan;
    let stop = Stop::default();
    let objective = HostObjective::new(*problem).unwrap();
    let start = vec![0.0; objective.dimension()];
    let (theta, fit) = peak(|| match plan {
        Plan::LeastSquares => {
            least_squares(problem, LeastSquaresMethod::Qr)
                .unwrap()
                .theta
        }
        Plan::Coordinate => coordinate(&objective, &start, &stop).unwrap().theta,
        _ => {
            let found = plan
                .minimize(&objective, &start, &stop, &mut |_| ())
                .unwrap();
            assert_eq!(found.status, Status::Converged, "{name}");
            found.theta
        }
    });
    let (certificate, certify) = peak(|| certify(problem, &theta).unwrap());
    assert!(certificate.holds(), "{name}: {:?}", certificate.reason);
    let matrix = shape.rows * shape.columns * size_of::<T>();
    let allowed = SHARE * matrix as f64 + BYTES;
    let mb = |bytes: f64| bytes / 1e6;
    eprintln!(
        "measured {:.1} MB by the fit and {:.1} MB by the certificate beside {:.0} MB of rows, \
         {:.1} MB allowed: {name}, {} x {} {}, {plan:?}",
        mb(fit as f64),
        mb(certify as f64),
        mb(matrix as f64),
        mb(allowed),
        shape.rows,
        shape.columns,
        T::NAME,
    );
    assert!((fit.max(certify) as f64) < allowed, "{name}");
}

/// Every loss over rows of one shape, each with a penalty that leaves an optimum.
fn assert_every_loss_is_frugal<T: Element>(rows: usize, columns: usize) {
    let (design, targets) = generated::<T>(rows, columns);
    let Targets {
        binary,
        codes,
        linear,
    } = &targets;
    let multinomial = TargetValues::Multinomial { codes, classes: 3 };
    let ridge = Penalty::ridge(1.0 / rows as f64);
    let lasso = Penalty {
        lambda: 0.02,
        l1_ratio: 1.0,
    };
    for (name, target, penalty) in [
        ("binary", TargetValues::Binary(binary), ridge),
        ("lasso", TargetValues::Binary(binary), lasso),
        ("multinomial", multinomial, ridge),
        ("linear", TargetValues::Linear(linear), Penalty::ridge(0.0)),
    ] {
        let problem = Problem {
            penalty,
            ..Problem::new(&design, target)
        };
        assert_frugal(name, &problem);
    }
}

/// One test at a time: another beside it would be counted, too.
fn alone(test: impl FnOnce() + Send) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS);
    pool.build().unwrap().install(test);
    drop(turn);
}

#[test]
fn a_fit_holds_little_beside_its_rows() {
    alone(|| {
        assert_every_loss_is_frugal::<f32>(500_000, 28);
        assert_every_loss_is_frugal::<f64>(30_000, 200);
    });
}

#[test]
fn so_does_a_wide_one() {
    alone(|| {
        let (design, targets) = generated::<f32>(20_000, 2_000);
        let problem = Problem {
            penalty: Penalty::ridge(1.0 / 20_000.0),
            ..Problem::new(&design, TargetValues::Binary(&targets.binary))
        };
        assert_frugal("wide", &problem);
    });
}

/// What a fit of sparse rows may hold for each number that is stored, each row and each column: two copies of the stored
/// numbers, and a few vectors.
const STORED_BYTES: usize = 200;

/// Sparse rows in the shape of text, with targets.
fn text(rows: usize, columns: usize) -> (SparseMatrix, Targets) {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let (mut offsets, mut positions, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut linear = Vec::new();
    for _ in 0..rows {
        let mut row: Vec<u32> = (0..36)
            .map(|_| (columns as f64).powf(random.random_range(0.0..1.0)) as i64 - 1)
            .map(|column| u32::try_from(column).unwrap())
            .collect();
        row.sort_unstable();
        row.dedup();
        linear.push(row.iter().map(|&j| (f64::from(j) * 1.7).sin()).sum());
        values.extend(row.iter().map(|_| random.random_range(0.1..0.3)));
        positions.extend(row);
        offsets.push(values.len());
    }
    let class = |&z: &f64| u32::from(z > -0.8) + u32::from(z > 0.8);
    let targets = Targets {
        binary: linear.iter().map(|&z| f64::from(z > 0.0)).collect(),
        codes: linear.iter().map(class).collect(),
        linear,
    };
    (
        SparseMatrix::new(columns, offsets, positions, values).unwrap(),
        targets,
    )
}

#[test]
fn sparse_rows_take_memory_by_what_is_stored() {
    alone(|| {
        let (rows, columns) = (10_000, 100_000);
        let (matrix, targets) = text(rows, columns);
        let stored = matrix.stored();
        let means = vec![1e-4; columns];
        let design = SparseDesign::new(matrix, means, vec![0.05; columns]).unwrap();
        let multinomial = TargetValues::Multinomial {
            codes: &targets.codes,
            classes: 3,
        };
        for (name, target) in [
            ("binary", TargetValues::Binary(&targets.binary)),
            ("linear", TargetValues::Linear(&targets.linear)),
            ("multinomial", multinomial),
        ] {
            for l1_ratio in [0.0, 1.0] {
                let problem = Problem {
                    penalty: Penalty {
                        lambda: 1e-2,
                        l1_ratio,
                    },
                    ..Problem::new(&design, target)
                };
                let plan = Choice::auto(&Shape::of(&problem)).plan;
                let (found, bytes) = peak(|| {
                    let objective = HostObjective::new(problem).unwrap();
                    let start = vec![0.0; objective.dimension()];
                    let stop = Stop::default();
                    let solution = match plan {
                        Plan::Coordinate => coordinate(&objective, &start, &stop).unwrap(),
                        _ => plan
                            .minimize(&objective, &start, &stop, &mut |_| ())
                            .unwrap(),
                    };
                    let fit = conclude(&objective, solution, &stop).unwrap();
                    let gap = duality_gap(&objective, &fit.solution.theta).unwrap();
                    (fit, gap)
                });
                let (fit, gap) = found;
                assert_eq!(fit.solution.status, Status::Converged, "{name} {l1_ratio}");
                // one of the two proves how near the optimum is, whatever the loss and the penalty
                let proven = [
                    fit.certificate.score_error,
                    gap.probability_error,
                    gap.mean_error,
                ];
                assert!(
                    proven.iter().flatten().any(|&error| error < 1e-3),
                    "{name} {l1_ratio}: {gap:?}"
                );
                let outputs = target.outputs();
                let allowed = STORED_BYTES * (stored + outputs * (rows + columns));
                eprintln!(
                    "measured {:.1} MB, {:.1} MB allowed, {:.1} MB stored ({:.0} MB dense): {name}, \
                     L1 ratio {l1_ratio}, {plan:?}",
                    bytes as f64 / 1e6,
                    allowed as f64 / 1e6,
                    12.0 * stored as f64 / 1e6,
                    8.0 * (rows * columns) as f64 / 1e6,
                );
                assert!(bytes < allowed, "{name} {l1_ratio}: {bytes} and {allowed}");
            }
        }
    });
}

//! What must hold of any result: no number that is none, no status without its evidence, and where it says
//! that it converged, the optimum as found in another way.

use dataset::DesignMatrix;
use solver::{Fit, HostObjective, Lbfgs, Newton, Objective, Status, Stop, Verdict, fit, minimize};

use crate::problems::{Example, Target};

/// Solves with both methods and checks what must hold of any result.
pub(crate) fn solve(example: &Example, what: &str) -> [Fit; 2] {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    let stop = Stop::default();
    let newton = fit(&objective, &Newton::default(), &start, &stop).unwrap();
    let lbfgs = fit(&objective, &Lbfgs::default(), &start, &stop).unwrap();
    for (solver, found) in [("newton", &newton), ("lbfgs", &lbfgs)] {
        sane(example, found, &format!("{what}, {solver}"));
    }
    [newton, lbfgs]
}

/// No number that is none, no status without its evidence.
fn sane(example: &Example, found: &Fit, what: &str) {
    let (solution, certificate) = (&found.solution, &found.certificate);
    assert!(
        solution.theta.iter().all(|t| t.is_finite()),
        "{what}: {solution:?}"
    );
    assert!(
        solution.objective.is_finite() && solution.gradient_max.is_finite(),
        "{what}"
    );
    for record in &solution.history[..solution.history.len() - 1] {
        assert!(
            record.objective.is_finite() && record.gradient_max.is_finite(),
            "{what}"
        );
    }
    let numbers = [
        Some(certificate.gradient_max),
        certificate.newton_decrement,
        certificate.radius,
        certificate.precondition,
        certificate.score_error,
        certificate.probability_error,
    ];
    let fine = |x: &f64| x.is_finite() && *x >= 0.0;
    assert!(
        numbers.iter().flatten().all(fine),
        "{what}: {certificate:?}"
    );
    let diagnosis = &found.diagnosis;
    match solution.status {
        Status::Converged => {
            assert!(certificate.holds(), "{what}");
            converged(example, found, what);
        }
        Status::Separated => {
            let verdict = &diagnosis.separation;
            assert!(
                matches!(verdict, Some(Verdict::Separated(_))),
                "{what}: {verdict:?}"
            );
            assert!(!certificate.holds(), "{what}");
        }
        Status::Collinear => assert!(!diagnosis.dependences.is_empty(), "{what}"),
        Status::IterationLimit | Status::Diverged => assert!(solution.detail.is_some(), "{what}"),
        Status::Completed | Status::Interrupted => panic!("{what}: {}", solution.status),
    }
}

/// The rows that count, each with its weight, on orthonormal columns: the same scores can be had from them,
/// and the optimum without a penalty is found there whatever the columns' own condition. With the
/// smallest share of a column that earlier ones leave, over which its rounding grows.
fn orthonormal(example: &Example) -> Option<(Example, f64)> {
    let counts = |i: &usize| example.weights.as_ref().is_none_or(|w| w[*i] > 0.0);
    let rows: Vec<usize> = (0..example.design.rows()).filter(counts).collect();
    let example = example.select(&rows);
    let n = rows.len();
    let column = |j: usize| (0..n).map(|i| example.design.row(i)[j]).collect::<Vec<_>>();
    let mut columns: Vec<Vec<f64>> = (0..example.design.columns()).map(column).collect();
    if example.intercept {
        columns.insert(0, vec![1.0; n]);
    }
    let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (mut basis, mut least): (Vec<Vec<f64>>, f64) = (Vec::new(), 1.0);
    for mut column in columns {
        let largest = column.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        if largest == 0.0 {
            continue;
        }
        for x in &mut column {
            *x /= largest;
        }
        let size = length(&column);
        for _ in 0..3 {
            for q in &basis {
                let part: f64 = q.iter().zip(&column).map(|(q, x)| q * x).sum();
                column.iter_mut().zip(q).for_each(|(x, q)| *x -= part * q);
            }
        }
        let rest = length(&column);
        // what is dependent up to rounding adds no scores; what is nearly so cannot be told here
        if rest < 1e-14 * size {
            continue;
        }
        if rest < 1e-9 * size {
            return None;
        }
        least = least.min(rest / size);
        basis.push(column.iter().map(|x| x / rest).collect());
    }
    // the root of the number of rows brings cells near one
    let root = (n as f64).sqrt();
    let cells = (0..n).flat_map(|i| basis.iter().map(move |q| q[i] * root));
    let cells: Vec<f64> = cells.collect();
    let orthonormal = Example {
        design: DesignMatrix::new(n, basis.len(), cells).unwrap(),
        intercept: false,
        ..example
    };
    Some((orthonormal, least))
}

/// Scores without offsets, of the rows that count.
fn scores(example: &Example, theta: &[f64]) -> Vec<f64> {
    let outputs = example.problem().target.outputs();
    let mut scores = Vec::new();
    for i in 0..example.design.rows() {
        if example.weights.as_ref().is_some_and(|w| w[i] <= 0.0) {
            continue;
        }
        let of = |theta: &[f64]| -> f64 {
            let row = example.design.row(i);
            let sum: f64 = row.iter().zip(theta).map(|(x, b)| x * b).sum();
            sum + theta.get(row.len()).copied().unwrap_or_default()
        };
        let row: Vec<f64> = theta.chunks(theta.len() / outputs).map(of).collect();
        // only differences count between classes
        let mean = if outputs > 1 {
            row.iter().sum::<f64>() / outputs as f64
        } else {
            0.0
        };
        scores.extend(row.iter().map(|z| z - mean));
    }
    scores
}

/// A fit that says it converged is compared with the optimum on orthonormal columns.
fn converged(example: &Example, found: &Fit, what: &str) {
    if example.penalty.lambda > 0.0 || example.design.columns() == 0 {
        return;
    }
    let Some((other, share)) = orthonormal(example) else {
        return;
    };
    if other.design.columns() == 0 {
        return;
    }
    let objective = HostObjective::new(other.problem()).unwrap();
    let stop = Stop {
        gradient_tolerance: 0.0,
        ..Stop::default()
    };
    let start = vec![0.0; objective.dimension()];
    let best = minimize(&Newton::default(), &objective, &start, &stop).unwrap();
    let bound = found.certificate.score_error.unwrap();
    let (ours, theirs) = (
        scores(example, &found.solution.theta),
        scores(&other, &best.theta),
    );
    // a logit, or the largest target
    let least = match &example.target {
        Target::Linear(y) => y.iter().fold(0.0, |most: f64, y| most.max(y.abs())),
        _ => 1.0,
    };
    assert!(bound <= 0.1 * least, "{what}: {bound:e} of {least:e}");
    let size = theirs.iter().fold(least, |most: f64, z| most.max(z.abs()));
    let own = solver::certify(&other.problem(), &best.theta).unwrap();
    let Some(own) = own.score_error else { return };
    let largest = largest_term(example, &found.solution.theta);
    for (a, b) in ours.iter().zip(&theirs) {
        // the sums in this test are rounded, too
        let slack = own + (1e-9 + 1e-15 / share) * size + 1e-14 * largest;
        assert!(
            (a - b).abs() <= 2.0 * bound + slack,
            "{what}: {a} {b}, bound {bound:e}"
        );
    }
}

/// The largest term of any score.
fn largest_term(example: &Example, theta: &[f64]) -> f64 {
    let outputs = example.problem().target.outputs();
    let mut most = 0.0_f64;
    for i in 0..example.design.rows() {
        for theta in theta.chunks(theta.len() / outputs) {
            for (x, b) in example.design.row(i).iter().chain([&1.0]).zip(theta) {
                let term = (x * b).abs();
                most = most.max(if term.is_finite() { term } else { 0.0 });
            }
        }
    }
    most
}

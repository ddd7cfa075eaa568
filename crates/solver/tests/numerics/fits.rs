//! Whole fits: published values, known solutions and invariances.

use std::path::Path;

use dataset::DesignMatrix;
use solver::{
    Fit, HostObjective, Newton, Objective, Penalty, Problem, Status, Stop, TargetValues, fit,
    minimize,
};

use crate::problems::{Example, LOSSES, Loss, Target, challenger, nasty, ordinary};

/// Newton's coefficients against reference values, relative (STYLE §2).
const NEWTON: f64 = 1e-9;

fn solve(example: &Example) -> Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    fit(&objective, &Newton::default(), &start, &Stop::default()).unwrap()
}

fn agree(a: &[f64], b: &[f64], relative: f64) -> bool {
    let size = b.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| (a - b).abs() <= relative * size)
}

#[test]
fn challenger_as_scikit_learn_and_statsmodels_have_it() {
    // scikit-learn 1.9.1, LogisticRegression(C=inf, tol=1e-10), then Newton in float64
    let found = solve(&challenger());
    assert_eq!(found.solution.status, Status::Converged);
    let expected = [-0.232_162_744_218_598_49, 15.042_901_647_702_44];
    assert!(
        agree(&found.solution.theta, &expected, NEWTON),
        "{:?}",
        found.solution
    );
    assert!(found.certificate.probability_error.unwrap() < 1e-9);
    assert!(found.diagnosis.separation.is_none() && found.diagnosis.dependences.is_empty());
}

#[test]
fn a_two_by_two_table_gives_the_log_odds() {
    // x = 0: 3 of 8; x = 1: 5 of 6, so b = ln(3/5), β = ln(5/1) − ln(3/5)
    let cells = [(0.0, 0.0, 5), (0.0, 1.0, 3), (1.0, 0.0, 1), (1.0, 1.0, 5)];
    let rows = cells
        .iter()
        .flat_map(|&(x, y, count)| std::iter::repeat_n((x, y), count));
    let (x, y): (Vec<f64>, Vec<f64>) = rows.unzip();
    let design = DesignMatrix::new(14, 1, x).unwrap();
    let problem = Problem::new(&design, TargetValues::Binary(&y));
    let objective = HostObjective::new(problem).unwrap();
    let found = fit(&objective, &Newton::default(), &[0.0; 2], &Stop::default()).unwrap();
    let intercept = (3.0_f64 / 5.0).ln();
    assert!(agree(
        &found.solution.theta,
        &[5.0_f64.ln() - intercept, intercept],
        NEWTON
    ));
}

#[test]
fn intercepts_alone_give_the_shares() {
    let example = Example {
        design: DesignMatrix::new(6, 0, vec![]).unwrap(),
        target: Target::Multinomial(vec![0, 1, 1, 2, 2, 2], 3),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    };
    let found = solve(&example);
    assert_eq!(found.solution.status, Status::Converged);
    // centred logarithms of 1, 2, 3
    let mean = 6.0_f64.ln() / 3.0;
    let expected = [-mean, 2.0_f64.ln() - mean, 3.0_f64.ln() - mean];
    assert!(
        agree(&found.solution.theta, &expected, NEWTON),
        "{:?}",
        found.solution.theta
    );
}

#[test]
fn ordinary_least_squares_and_ridge_by_hand() {
    // y = 1 + 2x + (0.1, −0.2, 0.1): residuals orthogonal to 1 and x = −1, 0, 1
    let example = Example {
        design: DesignMatrix::new(3, 1, vec![-1.0, 0.0, 1.0]).unwrap(),
        target: Target::Linear(vec![-0.9, 0.8, 3.1]),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    };
    let found = solve(&example);
    assert_eq!(found.solution.status, Status::Converged);
    assert!(agree(&found.solution.theta, &[2.0, 1.0], 1e-14));
    assert_eq!(found.certificate.probability_error, None);
    assert!(found.certificate.score_error.unwrap() < 1e-13);
    // (2/3 + λ)β = 4/3
    let ridge = solve(&Example {
        penalty: Penalty::ridge(2.0),
        ..example
    });
    assert!(agree(&ridge.solution.theta, &[0.5, 1.0], 1e-14));
}

#[test]
fn longley_as_nist_certifies_it() {
    // Longley (1967), NIST StRD: employment by six regressors, 16 years
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/longley.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<f64>> = (text.lines().skip(1))
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let certified = [
        15.061_872_271_373_3,
        -0.358_191_792_925_910e-1,
        -2.020_229_803_816_83,
        -1.033_226_867_173_59,
        -0.511_041_056_535_807e-1,
        1_829.151_464_613_55,
    ];
    let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<_>>();
    let standard: Vec<(f64, f64)> = (1..7)
        .map(|j| {
            let (x, n) = (column(j), rows.len() as f64);
            let mean = x.iter().sum::<f64>() / n;
            (
                mean,
                (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt(),
            )
        })
        .collect();
    let cells = rows.iter().flat_map(|row| {
        row[1..]
            .iter()
            .zip(&standard)
            .map(|(x, (mean, deviation))| (x - mean) / deviation)
    });
    let example = Example {
        design: DesignMatrix::new(16, 6, cells.collect()).unwrap(),
        target: Target::Linear(column(0)),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    };
    let found = solve(&example);
    assert_eq!(found.solution.status, Status::Converged, "{found:?}");
    for (j, value) in certified.iter().enumerate() {
        let estimate = found.solution.theta[j] / standard[j].1;
        // measured: 1e-11
        assert!(
            (estimate / value - 1.0).abs() < NEWTON,
            "{estimate} {value}"
        );
    }
}

#[test]
fn every_solution_is_stationary_and_sums_to_zero_over_classes() {
    for loss in LOSSES {
        for penalty in [Penalty::NONE, Penalty::ridge(0.01)] {
            for seed in 0..5 {
                let example = Example {
                    penalty,
                    ..ordinary(loss, 80, 4, true, seed)
                };
                let found = solve(&example);
                assert_eq!(found.solution.status, Status::Converged);
                assert!(found.solution.gradient_max <= 1e-10);
                assert!(found.solution.iterations() <= 10);
                if loss == Loss::Multinomial {
                    for j in 0..5 {
                        let sum: f64 = (0..3).map(|k| found.solution.theta[5 * k + j]).sum();
                        assert!(sum.abs() < 1e-10, "{sum}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_start_does_not_matter() {
    for loss in LOSSES {
        let example = ordinary(loss, 60, 3, true, 3);
        let objective = HostObjective::new(example.problem()).unwrap();
        let cold = solve(&example).solution;
        for far in [1.0, -30.0, 400.0] {
            let start: Vec<f64> = (0..objective.dimension())
                .map(|i| far * (1.0 + (i as f64).sin()))
                .collect();
            let warm = minimize(&Newton::default(), &objective, &start, &Stop::default()).unwrap();
            assert_eq!(warm.status, Status::Converged, "{loss:?} {far} {warm:?}");
            assert!(agree(&warm.theta, &cold.theta, 1e-8), "{loss:?} {far}");
        }
        let again = minimize(
            &Newton::default(),
            &objective,
            &cold.theta,
            &Stop::default(),
        )
        .unwrap();
        assert_eq!(again.iterations(), 0);
    }
}

#[test]
fn single_precision_rows_are_fitted_in_double() {
    let example = ordinary(Loss::Binary, 500, 3, false, 10);
    let single: Vec<f32> = example.design.values().iter().map(|&x| x as f32).collect();
    let design = DesignMatrix::new(500, 3, single).unwrap();
    let Problem {
        target, penalty, ..
    } = example.problem();
    let problem = Problem {
        penalty,
        ..Problem::new(&design, target)
    };
    let objective = HostObjective::new(problem).unwrap();
    let found = fit(&objective, &Newton::default(), &[0.0; 4], &Stop::default()).unwrap();
    assert_eq!(found.solution.status, Status::Converged);
    // the rows' rounding, 6e-8, times a modest condition
    assert!(agree(
        &found.solution.theta,
        &solve(&example).solution.theta,
        1e-6
    ));
}

#[test]
fn history_tells_of_every_iteration() {
    let found = solve(&nasty(Loss::Binary, 4));
    let history = &found.solution.history;
    assert!(
        history
            .iter()
            .enumerate()
            .all(|(i, record)| record.iteration == i)
    );
    assert_eq!(history[0].step.to_bits(), 0.0_f64.to_bits());
    for pair in history.windows(2) {
        assert!(pair[1].objective <= pair[0].objective * (1.0 + 1e-13));
        assert!(pair[1].step > 0.0 && pair[1].step <= 1.0);
    }
}

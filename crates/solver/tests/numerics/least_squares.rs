//! Least squares against NIST's certified values, Newton, and by hand.

use std::path::Path;

use dataset::DesignMatrix;
use solver::{
    HostObjective, LeastSquaresError, LeastSquaresMethod, Newton, Objective, Penalty, Problem,
    Stop, TargetValues, least_squares, minimize,
};

use crate::polynomials::digits;
use crate::problems::{Example, Loss, Target, ordinary};

const METHODS: [LeastSquaresMethod; 2] =
    [LeastSquaresMethod::Qr, LeastSquaresMethod::NormalEquations];

/// Noise of Wampler's third to fifth data set, in units of 1, 100 and 10,000.
const NOISE: [f64; 21] = [
    759., -2048., 2048., -2048., 2523., -2048., 2048., -2048., 1838., -2048., 2048., -2048., 1838.,
    -2048., 2048., -2048., 2523., -2048., 2048., -2048., 759.,
];

/// Wampler (1970), from NIST's reference data: a polynomial of degree five at 0, 1 … 20 plus noise.
fn wampler(coefficient: f64, noise: f64) -> (DesignMatrix<f64>, Vec<f64>, Vec<f64>) {
    let powers = |x: i32| (1..=5).map(move |k| f64::from(x).powi(k));
    let design = DesignMatrix::new(21, 5, (0..21).flat_map(powers).collect()).unwrap();
    // multiples of 1e-5 that are exact before the division
    let place = |k: i32| (1.0 / coefficient).round().powi(5 - k);
    let divisor = (1.0 / coefficient).round().powi(5);
    let y = |(x, unit): (i32, f64)| {
        let sum: f64 = (0..=5).map(|k| place(k) * f64::from(x).powi(k)).sum();
        sum / divisor + noise * unit
    };
    let certified = (1..=5).chain([0]).map(|k| place(k) / divisor).collect();
    (design, (0..21).zip(NOISE).map(y).collect(), certified)
}

#[test]
fn wampler_as_nist_certifies_it() {
    // numpy's QR: 9.4, 7.8 and 5.8 digits for the first, fourth and fifth
    let sets = [
        (1.0, 0.0, 9.4),
        (0.1, 0.0, 9.4),
        (1.0, 1.0, 9.4),
        (1.0, 100.0, 7.8),
        (1.0, 1e4, 5.8),
    ];
    for (coefficient, noise, least) in sets {
        let (design, y, certified) = wampler(coefficient, noise);
        let problem = Problem::new(&design, TargetValues::Linear(&y));
        let found = least_squares(&problem, LeastSquaresMethod::Qr).unwrap();
        let reached = digits(&found.theta, &certified);
        println!(
            "Wampler {coefficient} {noise}: {reached:.1} digits, condition {:.1e}",
            found.condition
        );
        assert!(reached >= least, "{coefficient} {noise}: {reached} digits");
        assert!(found.dropped.is_empty() && found.condition > 1e2 && found.condition < 1e6);
        let square = least_squares(&problem, LeastSquaresMethod::NormalEquations).unwrap();
        assert!((square.condition / found.condition.powi(2) - 1.0).abs() < 1e-9);
        assert!(digits(&square.theta, &certified) > 3.0);
    }
}

#[test]
fn longley_as_nist_certifies_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/longley.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let cells = |line: &str| -> Vec<f64> { line.split(',').map(|c| c.parse().unwrap()).collect() };
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(cells).collect();
    let y: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let values = rows.iter().flat_map(|row| row[1..].to_vec()).collect();
    let design = DesignMatrix::new(16, 6, values).unwrap();
    let certified = [
        15.061_872_271_373_3,
        -0.358_191_792_925_910e-1,
        -2.020_229_803_816_83,
        -1.033_226_867_173_59,
        -0.511_041_056_535_807e-1,
        1_829.151_464_613_55,
        -3_482_258.634_595_82,
    ];
    let problem = Problem::new(&design, TargetValues::Linear(&y));
    let found = least_squares(&problem, LeastSquaresMethod::Qr).unwrap();
    let reached = digits(&found.theta, &certified);
    println!(
        "Longley: {reached:.1} digits, condition {:.1e}",
        found.condition
    );
    assert!(reached >= 10.9, "{reached} digits"); // numpy's QR: 10.9
    // the textbook's way loses digits, and says so
    let square = least_squares(&problem, LeastSquaresMethod::NormalEquations).unwrap();
    assert!(square.condition > 1e8 && digits(&square.theta, &certified) < reached);
}

#[test]
fn weights_offsets_and_ridge_as_newton_has_them() {
    for penalty in [Penalty::NONE, Penalty::ridge(0.3)] {
        for intercept in [true, false] {
            let example = Example {
                intercept,
                penalty,
                ..ordinary(Loss::Linear, 60, 4, true, 2)
            };
            let objective = HostObjective::new(example.problem()).unwrap();
            let start = vec![0.0; objective.dimension()];
            let stop = Stop {
                gradient_tolerance: 1e-14,
                ..Stop::default()
            };
            let newton = minimize(&Newton::default(), &objective, &start, &stop).unwrap();
            for method in METHODS {
                let found = least_squares(&example.problem(), method).unwrap();
                for (a, b) in found.theta.iter().zip(&newton.theta) {
                    assert!((a - b).abs() < 1e-12, "{method:?} {a} {b}");
                }
            }
        }
    }
    let simple = Example {
        penalty: Penalty::NONE,
        ..ordinary(Loss::Linear, 60, 1, true, 3)
    };
    let by_qr = least_squares(&simple.problem(), LeastSquaresMethod::Qr).unwrap();
    let textbook = least_squares(&simple.problem(), LeastSquaresMethod::SimpleRegression).unwrap();
    let pairs = by_qr.theta.iter().zip(&textbook.theta);
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-13));
    assert!(by_qr.condition >= 1.0 && by_qr.condition < 10.0);
}

#[test]
fn units_change_no_digit_that_counts() {
    let example = Example {
        penalty: Penalty::NONE,
        ..ordinary(Loss::Linear, 50, 3, false, 4)
    };
    let base = least_squares(&example.problem(), LeastSquaresMethod::Qr).unwrap();
    let values = example.design.values().iter().enumerate();
    let values = values.map(|(i, x)| if i % 3 == 1 { x * 1e9 } else { *x });
    let scaled = Example {
        design: DesignMatrix::new(50, 3, values.collect()).unwrap(),
        ..example
    };
    let found = least_squares(&scaled.problem(), LeastSquaresMethod::Qr).unwrap();
    assert!((found.theta[1] * 1e9 / base.theta[1] - 1.0).abs() < 1e-12);
    assert!((found.theta[0] / base.theta[0] - 1.0).abs() < 1e-12);
    assert!(found.condition < 10.0);
}

#[test]
fn dependent_columns_are_dropped_and_named() {
    let example = ordinary(Loss::Linear, 30, 1, false, 5);
    let twice = example.design.values().iter().flat_map(|&x| [x, 2.0 * x]);
    let collinear = Example {
        design: DesignMatrix::new(30, 2, twice.collect()).unwrap(),
        penalty: Penalty::NONE,
        ..example.clone()
    };
    let found = least_squares(&collinear.problem(), LeastSquaresMethod::Qr).unwrap();
    assert_eq!(found.dropped.len(), 1);
    assert!(found.condition.is_infinite());
    let without = Example {
        penalty: Penalty::NONE,
        ..example.clone()
    };
    let alone = least_squares(&without.problem(), LeastSquaresMethod::Qr).unwrap();
    let slope = found.theta[0] + 2.0 * found.theta[1];
    assert!((slope - alone.theta[0]).abs() < 1e-13);
    let error =
        least_squares(&collinear.problem(), LeastSquaresMethod::NormalEquations).unwrap_err();
    assert!(matches!(error, LeastSquaresError::Singular { .. }));
    assert_eq!(error.remedy().unwrap(), "use QR");
    // more columns than rows
    let wide = ordinary(Loss::Linear, 3, 5, false, 6);
    let wide = Example {
        penalty: Penalty::NONE,
        ..wide
    };
    assert_eq!(
        least_squares(&wide.problem(), LeastSquaresMethod::Qr)
            .unwrap()
            .dropped
            .len(),
        3
    );
}

#[test]
fn every_error() {
    let classes = ordinary(Loss::Binary, 10, 1, false, 1);
    let error = least_squares(&classes.problem(), LeastSquaresMethod::Qr).unwrap_err();
    assert!(matches!(error, LeastSquaresError::Classes) && error.remedy().is_none());
    let ridge = ordinary(Loss::Linear, 10, 1, false, 1);
    let error = least_squares(&ridge.problem(), LeastSquaresMethod::SimpleRegression).unwrap_err();
    assert!(matches!(error, LeastSquaresError::NotSimple { columns: 1 }));
    let lasso = Example {
        penalty: Penalty {
            lambda: 1.0,
            l1_ratio: 0.5,
        },
        ..ridge.clone()
    };
    let error = least_squares(&lasso.problem(), LeastSquaresMethod::Qr).unwrap_err();
    assert!(matches!(error, LeastSquaresError::NotSmooth));
    let broken = Example {
        target: Target::Linear(vec![f64::NAN; 10]),
        ..ridge
    };
    let error = least_squares(&broken.problem(), LeastSquaresMethod::Qr).unwrap_err();
    assert!(matches!(error, LeastSquaresError::Objective(_)) && error.remedy().is_some());
}

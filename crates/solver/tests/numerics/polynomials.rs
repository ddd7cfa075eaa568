//! Least squares to all digits: NIST's certified sets, and problems as hard with their exact solutions.

use std::fs;
use std::path::{Path, PathBuf};

use dataset::DesignMatrix;
use serde_json::Value;
use solver::{LeastSquaresMethod, Penalty, Problem, TargetValues, least_squares};

/// Correct digits of the worst coefficient: NIST's measure, `−log₁₀` of the relative error.
pub(crate) fn digits(found: &[f64], certified: &[f64]) -> f64 {
    assert_eq!(found.len(), certified.len());
    let error = |(a, b): (&f64, &f64)| (a / b - 1.0).abs().max(1e-16);
    let worst = found.iter().zip(certified).map(error).fold(0.0, f64::max);
    -worst.log10()
}

/// Powers of `x` from one on, by repeated multiplication.
fn powers(x: &[f64], degree: usize) -> DesignMatrix<f64> {
    let row = |&x: &f64| std::iter::successors(Some(x), move |power| Some(power * x)).take(degree);
    DesignMatrix::new(x.len(), degree, x.iter().flat_map(row).collect()).unwrap()
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    let number = |x: &Value| x.as_f64().unwrap();
    value
        .as_array()
        .map(|list| list.iter().map(number).collect())
}

#[test]
fn problems_with_exact_solutions() {
    // tests/reference/least_squares.py: rational arithmetic on the cells as they are
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/least_squares.json");
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 6);
    for case in problems {
        let (x, y) = (numbers(&case["x"]).unwrap(), numbers(&case["y"]).unwrap());
        let design = powers(&x, case["degree"].as_u64().unwrap() as usize);
        let (weights, offsets) = (numbers(&case["weights"]), numbers(&case["offsets"]));
        let expected = numbers(&case["coefficients"]).unwrap();
        let problem = Problem {
            weights: weights.as_deref(),
            offsets: offsets.as_deref(),
            intercept: case["intercept"].as_bool().unwrap(),
            penalty: Penalty::ridge(case["lambda"].as_f64().unwrap()),
            ..Problem::new(&design, TargetValues::Linear(&y))
        };
        let found = least_squares(&problem, LeastSquaresMethod::Qr).unwrap();
        let reached = digits(&found.theta, &expected);
        let (name, numpy) = (&case["name"], case["numpy_digits"].as_f64().unwrap());
        println!(
            "{name}: {reached:.1} digits, numpy {numpy:.1}, condition {:.1e}",
            found.condition
        );
        // all digits that twice the working precision leaves: 32 less twice those of the condition
        assert!(reached > 14.0 && reached >= numpy, "{name}: {reached}");
        assert!(found.dropped.is_empty());
        // the textbook's way is told apart: a condition of 1e9 is squared beyond all digits
        let textbook = least_squares(&problem, LeastSquaresMethod::NormalEquations);
        match textbook {
            Ok(square) => assert!(digits(&square.theta, &found.theta) < reached),
            Err(error) => assert!(found.condition > 1e7, "{error}"),
        }
    }
}

/// A certified set: its file, its model, its coefficients with the intercept last where there is
/// one, and the digits that numpy's QR reaches.
struct Certified {
    name: &'static str,
    degree: usize,
    intercept: bool,
    coefficients: &'static [f64],
    numpy: f64,
}

/// The coefficients are those of rational arithmetic on the data, which agree with all digits that NIST prints.
///
/// NIST Statistical Reference Datasets, linear regression: <https://www.itl.nist.gov/div898/strd/lls/lls.shtml>.
/// Wampler's sets and Longley's are in `least_squares.rs`. numpy 2.4.6: `solve(R, Qᵀy)` of `linalg.qr`.
const CERTIFIED: [Certified; 5] = [
    Certified {
        name: "norris",
        degree: 1,
        intercept: true,
        coefficients: &[1.002_116_818_020_454_4, -0.262_323_073_774_029_5],
        numpy: 12.0,
    },
    Certified {
        name: "pontius",
        degree: 2,
        intercept: true,
        coefficients: &[
            7.320_591_604_010_025e-7,
            -3.160_818_713_450_292_4e-15,
            6.735_657_894_736_842e-4,
        ],
        numpy: 12.8,
    },
    Certified {
        name: "noint1",
        degree: 1,
        intercept: false,
        coefficients: &[251.0 / 121.0],
        numpy: 15.6,
    },
    Certified {
        name: "noint2",
        degree: 1,
        intercept: false,
        coefficients: &[8.0 / 11.0],
        numpy: 15.5,
    },
    // The powers of x, rounded to float64, have a solution of their own that agrees to 7.9 digits.
    Certified {
        name: "filip",
        degree: 10,
        intercept: true,
        coefficients: &[
            -2_772.179_591_933_424,
            -2_316.371_081_608_930_6,
            -1_127.973_940_983_715_7,
            -354.478_233_703_348_8,
            -75.124_201_739_375_7,
            -10.875_318_035_534_252,
            -1.062_214_985_889_467_7,
            -0.067_019_115_459_340_84,
            -0.002_467_810_782_754_786_5,
            -4.029_625_250_804_036_7e-5,
            -1_467.489_614_229_796,
        ],
        numpy: 7.4,
    },
];

#[test]
fn nist_sets_from_a_folder() {
    // their data are not the project's to ship
    let Some(folder) = std::env::var_os("KINDLING_NIST").map(PathBuf::from) else {
        println!("skipped: KINDLING_NIST names no folder with norris.csv, pontius.csv, …");
        return;
    };
    for set in &CERTIFIED {
        let text = fs::read_to_string(folder.join(set.name).with_extension("csv")).unwrap();
        let cells = |line: &str| -> Vec<f64> {
            let cell = |cell: &str| cell.trim().parse().unwrap();
            line.split(',').map(cell).collect()
        };
        let rows: Vec<Vec<f64>> = text.lines().skip(1).map(cells).collect();
        let x: Vec<f64> = rows.iter().map(|row| row[1]).collect();
        let y: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let design = powers(&x, set.degree);
        let problem = Problem {
            intercept: set.intercept,
            ..Problem::new(&design, TargetValues::Linear(&y))
        };
        let found = least_squares(&problem, LeastSquaresMethod::Qr).unwrap();
        let reached = digits(&found.theta, set.coefficients);
        println!(
            "{}: {reached:.1} digits, numpy {}, condition {:.1e}",
            set.name, set.numpy, found.condition
        );
        assert!(reached >= set.numpy, "{}: {reached} digits", set.name);
        assert!(found.dropped.is_empty());
    }
}

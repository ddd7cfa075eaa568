//! Coordinate descent against scikit-learn's saga and coordinate descent (tests/reference/coordinate.py).

use dataset::DesignMatrix;
use serde_json::Value;
use solver::{Penalty, Status};

use crate::coordinate::{solve, violation};
use crate::problems::{Example, Target};

/// Numbers in (−1, 1): Knuth's MMIX generator, its upper 32 bits.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as f64 / 2_147_483_648.0 - 1.0
        })
        .collect()
}

fn example(fit: &Value) -> Example {
    let number = |key: &str| fit[key].as_f64().unwrap();
    let count = |key: &str| fit[key].as_u64().unwrap() as usize;
    let (rows, columns) = (count("rows"), count("columns"));
    let design = DesignMatrix::new(rows, columns, numbers(rows * columns, 1)).unwrap();
    let score: Vec<f64> = (numbers(rows, 2).iter().enumerate())
        .map(|(i, noise)| {
            let x = design.row(i);
            3.0 * x[0] - 2.0 * x[1] + x[2] + noise
        })
        .collect();
    let target = match fit["loss"].as_str().unwrap() {
        "binary" => Target::Binary(score.iter().map(|z| f64::from(*z > 0.2)).collect()),
        "linear" => Target::Linear(score),
        _ => {
            let code = |z: &f64| u32::from(*z > -0.8) + u32::from(*z > 0.8);
            Target::Multinomial(score.iter().map(code).collect(), 3)
        }
    };
    Example {
        design,
        target,
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty {
            lambda: number("penalty"),
            l1_ratio: number("l1_ratio"),
        },
    }
}

#[test]
fn coefficients_are_scikit_learns() {
    let reference: Value =
        serde_json::from_str(include_str!("../reference/coordinate.json")).unwrap();
    let fits = reference["fits"].as_array().unwrap();
    assert!(fits.len() >= 18);
    for fit in fits {
        let example = example(fit);
        let found = solve(&example);
        assert_eq!(found.status, Status::Converged);
        let known: Vec<f64> = (fit["theta"].as_array().unwrap().iter())
            .map(|t| t.as_f64().unwrap())
            .collect();
        // the reference's own violation says how many of its digits count
        let own = violation(&example, &known);
        let far =
            (found.theta.iter().zip(&known)).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
        assert!(own < 1e-7, "{own:e} {fit}");
        assert!(far < 1e-6, "{far:e} {own:e} {fit}");
    }
}

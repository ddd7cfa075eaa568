//! Values by hand, central differences, and what must not change the result.

use dataset::DesignMatrix;
use faer::Mat;
use solver::{
    Gauge, HostObjective, Objective, ObjectiveError, Penalty, Problem, Restricted, TargetValues,
};

use crate::problems::{Example, LOSSES, Loss, Target, ordinary};

fn evaluate(example: &Example, theta: &[f64]) -> (f64, Vec<f64>, Mat<f64>) {
    let objective = HostObjective::new(example.problem()).unwrap();
    let mut gradient = vec![0.0; theta.len()];
    let mut curvature = Mat::new();
    let value = objective
        .curvature(theta, &mut gradient, &mut curvature)
        .unwrap();
    (value, gradient, curvature)
}

fn somewhere(dimension: usize) -> Vec<f64> {
    (0..dimension)
        .map(|i| 0.7 * ((i as f64 + 1.0) * 1.9).sin())
        .collect()
}

fn close(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn binary_by_hand() {
    // rows 0 and ln 3 with β = 1, b = 0: p = 1/2 and 3/4; weights 1 and 3, λ = 2
    let design = DesignMatrix::new(2, 1, vec![0.0, 3.0_f64.ln()]).unwrap();
    let example = Example {
        design,
        target: Target::Binary(vec![0.0, 1.0]),
        weights: Some(vec![1.0, 3.0]),
        offsets: None,
        intercept: true,
        penalty: Penalty::ridge(2.0),
    };
    let (value, gradient, curvature) = evaluate(&example, &[1.0, 0.0]);
    let x = 3.0_f64.ln();
    assert!(close(
        value,
        (2.0_f64.ln() + 3.0 * (4.0_f64 / 3.0).ln()) / 4.0 + 1.0,
        1e-15
    ));
    assert!(close(gradient[0], -3.0 * 0.25 * x / 4.0 + 2.0, 1e-15));
    assert!(close(gradient[1], (0.5 - 0.75) / 4.0, 1e-15));
    assert!(close(
        curvature[(0, 0)],
        3.0 * 0.1875 * x * x / 4.0 + 2.0,
        1e-15
    ));
    assert!(close(curvature[(0, 1)], 3.0 * 0.1875 * x / 4.0, 1e-15));
    assert!(close(curvature[(1, 1)], (0.25 + 3.0 * 0.1875) / 4.0, 1e-15));
}

#[test]
fn linear_by_hand() {
    // z = 2x + 1 + offset: 1.5 and 3 against 1 and 5
    let design = DesignMatrix::new(2, 1, vec![0.0, 1.0]).unwrap();
    let example = Example {
        design,
        target: Target::Linear(vec![1.0, 5.0]),
        weights: None,
        offsets: Some(vec![0.5, 0.0]),
        intercept: true,
        penalty: Penalty {
            lambda: 1.0,
            l1_ratio: 0.5,
        },
    };
    let (value, gradient, curvature) = evaluate(&example, &[2.0, 1.0]);
    assert!(close(
        value,
        0.5 * (0.125 + 2.0) + 0.25 * 4.0 + 0.5 * 2.0,
        1e-15
    ));
    assert!(close(gradient[0], -1.0 + 1.0 + 0.5, 1e-15));
    assert!(close(gradient[1], 0.5 * (0.5 - 2.0), 1e-15));
    assert!(close(curvature[(0, 0)], 0.5 + 0.5, 1e-15));
    assert!(close(curvature[(1, 1)], 1.0, 1e-15));
}

#[test]
fn multinomial_by_hand() {
    // intercepts ln 1, ln 2, ln 3 make p = 1/6, 2/6, 3/6 for both rows
    let example = Example {
        design: DesignMatrix::new(2, 0, vec![]).unwrap(),
        target: Target::Multinomial(vec![0, 2], 3),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    };
    let theta = [0.0, 2.0_f64.ln(), 3.0_f64.ln()];
    let (value, gradient, curvature) = evaluate(&example, &theta);
    let p = [1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0];
    assert!(close(value, 0.5 * (6.0_f64.ln() + 2.0_f64.ln()), 1e-15));
    let expected = [p[0] - 0.5, p[1], p[2] - 0.5];
    for k in 0..3 {
        assert!(close(gradient[k], expected[k], 1e-15));
        for l in 0..3 {
            let h = if k == l {
                p[k] * (1.0 - p[k])
            } else {
                -p[k] * p[l]
            };
            assert!(close(curvature[(k, l)], h, 1e-15));
        }
    }
}

#[test]
fn a_binary_problem_is_a_multinomial_of_two_classes() {
    let binary = ordinary(Loss::Binary, 40, 3, false, 1);
    let Target::Binary(y) = &binary.target else {
        unreachable!()
    };
    let codes = y.iter().map(|&y| u32::from(y > 0.5)).collect();
    // ‖β‖² = ‖β₀‖² + ‖β₁‖² needs half the penalty twice for β₁ = −β₀ = β/2
    let double = Example {
        target: Target::Multinomial(codes, 2),
        penalty: Penalty::ridge(0.1),
        ..binary.clone()
    };
    let theta = somewhere(4);
    let halves: Vec<f64> = theta
        .iter()
        .map(|t| -0.5 * t)
        .chain(theta.iter().map(|t| 0.5 * t))
        .collect();
    let (one, gradient, _) = evaluate(&binary, &theta);
    let (two, both, _) = evaluate(&double, &halves);
    assert!(close(one, two, 1e-14));
    for j in 0..4 {
        assert!(close(gradient[j], 0.5 * (both[4 + j] - both[j]), 1e-14));
    }
}

#[test]
fn derivatives_agree_with_central_differences() {
    for loss in LOSSES {
        for full in [false, true] {
            for intercept in [false, true] {
                let example = Example {
                    intercept,
                    ..ordinary(loss, 30, 4, full, 5)
                };
                let objective = HostObjective::new(example.problem()).unwrap();
                let theta = somewhere(objective.dimension());
                let (value, gradient, curvature) = evaluate(&example, &theta);
                assert_eq!(value.to_bits(), objective.value(&theta).unwrap().to_bits());
                let (mut up, mut down) = (gradient.clone(), gradient.clone());
                assert!(objective.gradient(&theta, &mut up).unwrap() - value == 0.0);
                assert_eq!(up, gradient);
                for j in 0..theta.len() {
                    let h = 1e-5;
                    let (mut right, mut left) = (theta.clone(), theta.clone());
                    (right[j], left[j]) = (theta[j] + h, theta[j] - h);
                    let rise = objective.gradient(&right, &mut up).unwrap()
                        - objective.gradient(&left, &mut down).unwrap();
                    // second-order differences of a smooth function: about h²/6 and ε/h, both 1e-10
                    assert!(
                        (rise / (2.0 * h) - gradient[j]).abs() < 1e-9,
                        "{loss:?} {j}"
                    );
                    for i in 0..theta.len() {
                        let slope = (up[i] - down[i]) / (2.0 * h);
                        assert!((slope - curvature[(i, j)]).abs() < 1e-9, "{loss:?} {i} {j}");
                        assert_eq!(curvature[(i, j)].to_bits(), curvature[(j, i)].to_bits());
                    }
                }
            }
        }
    }
}

#[test]
fn a_weight_of_two_is_the_row_twice() {
    for loss in LOSSES {
        let example = ordinary(loss, 25, 3, false, 7);
        let weighted = Example {
            weights: Some((0..25).map(|i| 1.0 + f64::from(i % 3 == 0)).collect()),
            ..example.clone()
        };
        let rows: Vec<usize> = (0..25)
            .flat_map(|i| std::iter::repeat_n(i, 1 + usize::from(i % 3 == 0)))
            .collect();
        let theta = somewhere(example.problem().dimension());
        let (a, b) = (
            evaluate(&weighted, &theta),
            evaluate(&example.select(&rows), &theta),
        );
        assert!(close(a.0, b.0, 1e-14));
        assert!(a.1.iter().zip(&b.1).all(|(a, b)| close(*a, *b, 1e-14)));
        assert!((&a.2 - &b.2).norm_max() < 1e-14);
    }
}

#[test]
fn a_row_of_weight_zero_leaves_no_trace() {
    for loss in LOSSES {
        let example = ordinary(loss, 1500, 3, true, 8);
        let counts = |&i: &usize| i % 4 != 1; // the others have weight zero
        let kept = example.select(&(0..1500).filter(counts).collect::<Vec<_>>());
        // not even when its numbers are impossible
        let mut values = example.design.values().to_vec();
        values[3] = f64::NAN;
        let broken = Example {
            design: DesignMatrix::new(1500, 3, values).unwrap(),
            ..example.clone()
        };
        let theta = somewhere(example.problem().dimension());
        let (a, b) = (evaluate(&broken, &theta), evaluate(&kept, &theta));
        assert_eq!((a.0.to_bits(), a.1, a.2), (b.0.to_bits(), b.1, b.2));
    }
}

#[test]
fn the_order_of_rows_changes_rounding_only() {
    for loss in LOSSES {
        let example = ordinary(loss, 700, 3, true, 9);
        let permuted = example.select(&(0..700).map(|i| i * 37 % 700).collect::<Vec<_>>());
        let theta = somewhere(example.problem().dimension());
        let (a, b) = (evaluate(&example, &theta), evaluate(&permuted, &theta));
        assert!(close(a.0, b.0, 1e-14));
        assert!(a.1.iter().zip(&b.1).all(|(a, b)| close(*a, *b, 1e-14)));
        assert!((&a.2 - &b.2).norm_max() < 1e-14);
    }
}

#[test]
fn a_shift_of_all_scores_changes_no_softmax() {
    let example = ordinary(Loss::Multinomial, 30, 2, true, 10);
    let theta = somewhere(9);
    let shifted = Example {
        offsets: example.offsets.as_ref().map(|o| {
            o.iter()
                .enumerate()
                .map(|(i, z)| z + 5.0 * (i / 3) as f64)
                .collect()
        }),
        ..example.clone()
    };
    let (a, b) = (evaluate(&example, &theta), evaluate(&shifted, &theta));
    assert!(close(a.0, b.0, 1e-13));
    assert!(a.1.iter().zip(&b.1).all(|(a, b)| close(*a, *b, 1e-13)));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for loss in LOSSES {
        // several chunks and an incomplete one
        let example = ordinary(loss, 21_000, 5, true, 11);
        let theta = somewhere(example.problem().dimension());
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| evaluate(&example, &theta))
        };
        let one = with(1);
        for threads in [2, 3, 7] {
            let more = with(threads);
            assert_eq!(one.0.to_bits(), more.0.to_bits());
            assert_eq!(one.1, more.1);
            assert_eq!(one.2, more.2);
        }
    }
}

#[test]
fn single_precision_rows_are_summed_in_double() {
    let example = ordinary(Loss::Binary, 3000, 4, false, 12);
    let rounded: Vec<f32> = example.design.values().iter().map(|&x| x as f32).collect();
    let single = DesignMatrix::new(3000, 4, rounded.clone()).unwrap();
    let double = DesignMatrix::new(3000, 4, rounded.iter().map(|&x| f64::from(x)).collect());
    let wide = Example {
        design: double.unwrap(),
        ..example.clone()
    };
    let Problem {
        target, penalty, ..
    } = example.problem();
    let problem = Problem {
        penalty,
        ..Problem::new(&single, target)
    };
    let theta = somewhere(5);
    let objective = HostObjective::new(problem).unwrap();
    let (mut gradient, mut curvature) = (vec![0.0; 5], Mat::new());
    let narrow = objective.curvature(&theta, &mut gradient, &mut curvature);
    let wide = evaluate(&wide, &theta);
    assert_eq!(narrow.unwrap().to_bits(), wide.0.to_bits());
    assert_eq!((gradient, curvature), (wide.1, wide.2));
}

#[test]
fn the_gauge_names_the_flat_directions() {
    for (penalty, from) in [(Penalty::NONE, 0), (Penalty::ridge(0.1), 2)] {
        let example = Example {
            penalty,
            ..ordinary(Loss::Multinomial, 30, 2, true, 13)
        };
        let objective = HostObjective::new(example.problem()).unwrap();
        let gauge = objective.gauge().unwrap();
        assert_eq!(
            gauge,
            Gauge {
                classes: 3,
                stride: 3,
                from
            }
        );
        let mut theta = somewhere(9);
        let before = objective.value(&theta).unwrap();
        gauge.project(&mut theta);
        assert!(close(objective.value(&theta).unwrap(), before, 1e-14));
        let sum: f64 = (0..3).map(|k| theta[3 * k + 2]).sum();
        assert!(sum.abs() < 1e-15);
        // the fix acts on the flat directions alone
        let (_, gradient, curvature) = evaluate(&example, &theta);
        let mut fixed = curvature.clone();
        gauge.fix(&mut fixed);
        let apply = |m: &Mat<f64>, v: &[f64]| -> Vec<f64> {
            (0..9)
                .map(|i| (0..9).map(|j| m[(i, j)] * v[j]).sum())
                .collect()
        };
        let shift: Vec<f64> = (0..9).map(|i| f64::from(i % 3 == 2)).collect();
        assert!(apply(&curvature, &shift).iter().all(|x| x.abs() < 1e-15));
        assert!(apply(&fixed, &shift)[2] > 0.01);
        let (a, b) = (apply(&curvature, &gradient), apply(&fixed, &gradient));
        assert!(a.iter().zip(&b).all(|(a, b)| close(*a, *b, 1e-14)));
    }
}

#[test]
fn a_restricted_objective_is_the_problem_without_those_columns() {
    for loss in LOSSES {
        let example = ordinary(loss, 40, 3, true, 14);
        let kept = (0..40).flat_map(|i| [example.design.row(i)[0], example.design.row(i)[2]]);
        let smaller = Example {
            design: DesignMatrix::new(40, 2, kept.collect()).unwrap(),
            ..example.clone()
        };
        let objective = HostObjective::new(example.problem()).unwrap();
        let restricted = Restricted::new(&objective, 4, &[1]);
        let theta = somewhere(restricted.dimension());
        let (value, gradient, curvature) = evaluate(&smaller, &theta);
        let mut g = vec![0.0; theta.len()];
        let mut h = Mat::new();
        assert!(close(
            restricted.curvature(&theta, &mut g, &mut h).unwrap(),
            value,
            1e-14
        ));
        assert!(g.iter().zip(&gradient).all(|(a, b)| close(*a, *b, 1e-14)));
        assert!((&h - &curvature).norm_max() < 1e-14);
        assert!(close(
            restricted.gradient(&theta, &mut g).unwrap(),
            value,
            1e-14
        ));
        assert!(close(restricted.value(&theta).unwrap(), value, 1e-14));
        assert_eq!(restricted.restrict(&restricted.expand(&theta)), theta);
        let inner = HostObjective::new(smaller.problem()).unwrap();
        assert_eq!(restricted.gauge(), inner.gauge());
        let (a, b) = (restricted.score_change(&theta), inner.score_change(&theta));
        assert!(close(a.unwrap().unwrap(), b.unwrap().unwrap(), 1e-14));
        assert!(matches!(
            restricted.value(&[0.0]),
            Err(ObjectiveError::Length { .. })
        ));
    }
}

#[test]
fn every_error_of_a_problem_says_what_and_where() {
    let design = DesignMatrix::new(2, 1, vec![0.0, 1.0]).unwrap();
    let nothing = DesignMatrix::new(0, 1, vec![]).unwrap();
    let empty = DesignMatrix::new(2, 0, vec![]).unwrap();
    let infinite = DesignMatrix::new(2, 1, vec![0.0, f64::INFINITY]).unwrap();
    let good = Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]));
    let no_intercept = Problem {
        intercept: false,
        ..good
    };
    let weights = |w| Problem {
        weights: Some(w),
        ..good
    };
    let offsets = |o| Problem {
        offsets: Some(o),
        ..good
    };
    let target = |target| Problem { target, ..good };
    let classes = |codes, classes| target(TargetValues::Multinomial { codes, classes });
    let penalty = |lambda, l1_ratio| Problem {
        penalty: Penalty { lambda, l1_ratio },
        ..good
    };
    let cases = [
        (
            Problem::new(&nothing, TargetValues::Binary(&[])),
            "there is no row of positive weight",
        ),
        (weights(&[0.0, 0.0]), "there is no row of positive weight"),
        (
            Problem {
                design: &empty,
                ..no_intercept
            },
            "nothing to fit: no column and no intercept",
        ),
        (
            target(TargetValues::Linear(&[1.0])),
            "targets: 1 numbers where 2 are needed",
        ),
        (weights(&[1.0]), "weights: 1 numbers where 2 are needed"),
        (offsets(&[1.0]), "offsets: 1 numbers where 2 are needed"),
        (
            weights(&[1.0, f64::NAN]),
            "weights: the number of row 1 is not finite",
        ),
        (
            offsets(&[f64::INFINITY, 0.0]),
            "offsets: the number of row 0 is not finite",
        ),
        (
            target(TargetValues::Linear(&[1.0, f64::NAN])),
            "targets: the number of row 1 is not",
        ),
        (
            weights(&[1.0, -1.0]),
            "the weight of row 1 is -1, below zero",
        ),
        (
            target(TargetValues::Binary(&[0.0, 0.5])),
            "target of row 1 is 0.5, neither 0 nor 1",
        ),
        (
            classes(&[0, 2], 2),
            "the class code of row 1 is 2, but there are 2 classes",
        ),
        (
            classes(&[0, 0], 1),
            "a multinomial target needs at least two classes, not 1",
        ),
        (
            penalty(-1.0, 0.0),
            "the penalty lambda = -1 is not a number from 0 upwards",
        ),
        (penalty(1.0, 2.0), "the L1 ratio 2 is not between 0 and 1"),
        (
            Problem {
                design: &infinite,
                ..good
            },
            "row 1, column 0 of the design matrix is not",
        ),
    ];
    for (problem, message) in cases {
        let error = HostObjective::new(problem).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
    let error = HostObjective::new(weights(&[0.0, 0.0])).unwrap_err();
    assert_eq!(
        error.remedy().unwrap(),
        "give at least one row a positive weight"
    );
}

#[test]
fn every_error_of_an_evaluation() {
    let design = DesignMatrix::new(2, 1, vec![0.0, 1.0]).unwrap();
    let problem = Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]));
    let objective = HostObjective::new(problem).unwrap();
    let error = objective.value(&[0.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameters: 1 numbers where 2 are needed"
    );
    let error = objective.gradient(&[0.0, 0.0], &mut [0.0]).unwrap_err();
    assert_eq!(error.to_string(), "gradient: 1 numbers where 2 are needed");
    let error = objective.score_change(&[0.0]).unwrap_err();
    assert_eq!(error.to_string(), "direction: 1 numbers where 2 are needed");
    let source = std::io::Error::other("device lost");
    let error = ObjectiveError::Elsewhere(Box::new(source));
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "device lost"
    );
    assert!(error.remedy().is_none());
}

#[test]
fn the_unit_of_scores_by_hand() {
    let design = DesignMatrix::new(4, 1, vec![0.0_f64; 4]).unwrap();
    let scale = |problem: Problem<'_, f64>| HostObjective::new(problem).unwrap().scale();
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-14;
    let y = [1.0, 3.0, 1.0, 3.0];
    let plain = Problem::new(&design, TargetValues::Linear(&y));
    assert!(near(scale(plain), 1.0));
    let through_zero = Problem {
        intercept: false,
        ..plain
    };
    assert!(near(scale(through_zero), 5.0_f64.sqrt()));
    let weighted = Problem {
        weights: Some(&[3.0, 1.0, 0.0, 0.0]),
        offsets: Some(&[1.0, -1.0, 9.0, 9.0]),
        ..plain
    };
    assert!(near(scale(weighted), 3.0_f64.sqrt()));
    // a constant has no spread, and zeros have no size
    let y = [1e300; 4];
    assert!(near(
        scale(Problem::new(&design, TargetValues::Linear(&y))),
        1e295
    ));
    let y = [0.0; 4];
    assert!(near(
        scale(Problem::new(&design, TargetValues::Linear(&y))),
        1.0
    ));
    let y = [0.0, 1.0, 0.0, 1.0];
    assert!(near(
        scale(Problem::new(&design, TargetValues::Binary(&y))),
        1.0
    ));
}

//! Verdicts of separation against a brute-force search and on tables known to be separated.

use std::path::Path;

use dataset::DesignMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use solver::{
    HostObjective, Newton, Penalty, Problem, Status, Stop, TargetValues, Verdict, dependences, fit,
    separation,
};

use crate::problems::{Loss, nasty};

fn verdict(rows: &[(&[f64], f64)]) -> Verdict {
    let columns = rows[0].0.len();
    let values = rows.iter().flat_map(|(x, _)| x.iter().copied()).collect();
    let design = DesignMatrix::new(rows.len(), columns, values).unwrap();
    let y: Vec<f64> = rows.iter().map(|row| row.1).collect();
    separation(
        &HostObjective::new(Problem::new(&design, TargetValues::Binary(&y))).unwrap(),
        None,
    )
    .unwrap()
}

#[test]
fn quasi_complete_by_hand() {
    // only x = 2 is mixed: the classic example of Albert and Anderson
    let rows: [(&[f64], f64); 6] = [
        (&[1.0], 0.0),
        (&[1.5], 0.0),
        (&[2.0], 0.0),
        (&[2.0], 1.0),
        (&[3.0], 1.0),
        (&[4.0], 1.0),
    ];
    let Verdict::Separated(found) = verdict(&rows) else {
        panic!()
    };
    assert!(!found.complete && found.rows == 4);
    assert_eq!(found.columns, [0]);
    // the direction x − 2
    assert!((found.direction[1] / found.direction[0] + 2.0).abs() < 1e-12);
    let alone = found.alone[0];
    assert!(alone.above && (alone.members, alone.others) == (2, 2));
    assert!((alone.threshold - 2.0).abs() < 1e-300);
}

#[test]
fn two_columns_that_separate_only_together() {
    // y = [x₁ + x₂ > 1], neither column by itself
    let rows: [(&[f64], f64); 6] = [
        (&[0.0, 0.5], 0.0),
        (&[0.9, 0.0], 0.0),
        (&[-1.0, 1.9], 0.0),
        (&[0.6, 0.6], 1.0),
        (&[2.0, -0.9], 1.0),
        (&[-0.5, 1.6], 1.0),
    ];
    let Verdict::Separated(found) = verdict(&rows) else {
        panic!()
    };
    assert!(found.complete && found.rows == 6 && found.alone.is_empty());
    let mut columns = found.columns.clone();
    columns.sort_unstable();
    assert_eq!(columns, [0, 1]);
    for (x, y) in rows {
        let d = &found.direction;
        assert!((2.0 * y - 1.0) * (d[0] * x[0] + d[1] * x[1] + d[2]) > 0.0);
    }
}

#[test]
fn separation_in_stages_finds_every_row() {
    // x₁ separates the rows off x₁ = 0; among the others x₂ separates those off x₂ = 0, whatever
    // x₂ is elsewhere; the last two rows overlap
    let rows: [(&[f64], f64); 8] = [
        (&[1.0, -5.0], 1.0),
        (&[2.0, 3.0], 1.0),
        (&[-1.0, 7.0], 0.0),
        (&[-3.0, -2.0], 0.0),
        (&[0.0, 1.0], 1.0),
        (&[0.0, -1.0], 0.0),
        (&[0.0, 0.0], 1.0),
        (&[0.0, 0.0], 0.0),
    ];
    let Verdict::Separated(found) = verdict(&rows) else {
        panic!()
    };
    assert!(!found.complete);
    assert_eq!(found.rows, 6);
    for (x, y) in rows {
        let d = &found.direction;
        let margin = (2.0 * y - 1.0) * (d[0] * x[0] + d[1] * x[1] + d[2]);
        assert!(
            if x == [0.0, 0.0] {
                margin.abs() < 1e-12
            } else {
                margin > 1e-9
            },
            "{margin}"
        );
    }
}

#[test]
fn a_class_that_a_level_never_has_separates_the_multinomial() {
    // level 1 of the column never has class 2
    let x: Vec<f64> = (0..30).map(|i| f64::from(i % 2)).collect();
    let codes: Vec<u32> = (0..30)
        .map(|i| if i % 2 == 1 { i / 2 % 2 } else { i / 2 % 3 })
        .collect();
    let design = DesignMatrix::new(30, 1, x).unwrap();
    let target = TargetValues::Multinomial {
        codes: &codes,
        classes: 3,
    };
    let objective = HostObjective::new(Problem::new(&design, target)).unwrap();
    let found = fit(&objective, &Newton::default(), &[0.0; 6], &Stop::default()).unwrap();
    assert_eq!(found.solution.status, Status::Separated);
    let Some(Verdict::Separated(found)) = found.diagnosis.separation else {
        panic!()
    };
    assert!(!found.complete);
    assert_eq!(found.rows, 15);
    assert!(
        found
            .alone
            .iter()
            .any(|a| a.class == 2 && !a.above && a.others == 15)
    );
    // with every class on every level the rows overlap
    let codes: Vec<u32> = (0..30).map(|i| i / 2 % 3).collect();
    let target = TargetValues::Multinomial {
        codes: &codes,
        classes: 3,
    };
    let objective = HostObjective::new(Problem::new(&design, target)).unwrap();
    assert_eq!(separation(&objective, None).unwrap(), Verdict::Overlap);
}

#[test]
fn rows_of_weight_zero_and_offsets_do_not_count() {
    let design = DesignMatrix::new(5, 1, vec![0.0, 1.0, 2.0, 3.0, -1.0]).unwrap();
    let y = [0.0, 0.0, 1.0, 1.0, 1.0];
    let overlap = Problem::new(&design, TargetValues::Binary(&y));
    assert_eq!(
        separation(&HostObjective::new(overlap).unwrap(), None).unwrap(),
        Verdict::Overlap
    );
    let weighted = Problem {
        weights: Some(&[1.0, 1.0, 1.0, 1.0, 0.0]),
        ..overlap
    };
    let objective = HostObjective::new(weighted).unwrap();
    let Verdict::Separated(found) = separation(&objective, None).unwrap() else {
        panic!()
    };
    assert!(found.complete && found.rows == 4);
    let offset = Problem {
        offsets: Some(&[9.0, 9.0, -9.0, -9.0, 0.0]),
        ..weighted
    };
    let objective = HostObjective::new(offset).unwrap();
    let found = fit(&objective, &Newton::default(), &[0.0; 2], &Stop::default()).unwrap();
    assert_eq!(found.solution.status, Status::Separated);
}

#[test]
fn squared_loss_and_penalties_never_separate() {
    let design = DesignMatrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0]).unwrap();
    let y = [0.0, 0.0, 1.0, 1.0];
    let linear = Problem::new(&design, TargetValues::Linear(&y));
    assert_eq!(
        separation(&HostObjective::new(linear).unwrap(), None).unwrap(),
        Verdict::Overlap
    );
    let penalty = Penalty::ridge(1e-9);
    let ridge = Problem {
        penalty,
        ..Problem::new(&design, TargetValues::Binary(&y))
    };
    assert_eq!(
        separation(&HostObjective::new(ridge).unwrap(), None).unwrap(),
        Verdict::Overlap
    );
}

/// In the plane a direction exists if and only if one exists among those normal to a row, or
/// between two neighbours of those: all of them can be tried, exactly, on small integers.
fn brute_force(points: &[(i64, i64)]) -> (bool, bool) {
    let mut normals: Vec<(i64, i64)> = Vec::new();
    for &(x, y) in points {
        normals.extend([(-y, x), (y, -x), (x, y)]);
    }
    let mut candidates = normals.clone();
    for &(a, b) in &normals {
        for &(c, d) in &normals {
            candidates.push((a + c, b + d));
            candidates.push((1000 * a + c, 1000 * b + d));
        }
    }
    let products = |&(a, b): &(i64, i64)| points.iter().map(move |&(x, y)| a * x + b * y);
    let separates = |d: &&(i64, i64)| products(d).all(|p| p >= 0) && products(d).any(|p| p > 0);
    let completely = |d: &&(i64, i64)| products(d).all(|p| p > 0);
    (
        candidates.iter().any(|d| separates(&d)),
        candidates.iter().any(|d| completely(&d)),
    )
}

#[test]
fn verdicts_agree_with_brute_force_in_the_plane() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut seen = [0; 3];
    for _ in 0..2000 {
        let rows = random.random_range(2..9);
        let points: Vec<(i64, i64)> = (0..rows)
            .map(|_| (random.random_range(-3..4), random.random_range(-3..4)))
            .filter(|&point| point != (0, 0))
            .collect();
        if points.is_empty() {
            continue;
        }
        // two columns without an intercept, half of the rows turned around as the negative class
        let y: Vec<f64> = (0..points.len()).map(|i| f64::from(i % 2 == 0)).collect();
        let values = points.iter().zip(&y).flat_map(|(&(a, b), y)| {
            let sign = 2.0 * y - 1.0;
            [sign * a as f64, sign * b as f64]
        });
        let design = DesignMatrix::new(points.len(), 2, values.collect()).unwrap();
        let problem = Problem {
            intercept: false,
            ..Problem::new(&design, TargetValues::Binary(&y))
        };
        let found = separation(&HostObjective::new(problem).unwrap(), None).unwrap();
        let (separated, complete) = brute_force(&points);
        match found {
            Verdict::Separated(found) => {
                assert!(separated, "{points:?} {found:?}");
                assert_eq!(found.complete, complete, "{points:?} {found:?}");
                seen[usize::from(complete)] += 1;
            }
            Verdict::Overlap => {
                assert!(!separated, "{points:?}");
                seen[2] += 1;
            }
            Verdict::Undecided => panic!("{points:?}"),
        }
    }
    assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
}

#[test]
fn a_fit_and_a_verdict_never_contradict_each_other() {
    let (mut seen, mut unsure) = ([0; 2], 0);
    for loss in [Loss::Binary, Loss::Multinomial] {
        for seed in 10_000..10_300 {
            let mut example = nasty(loss, seed);
            example.penalty = Penalty::NONE;
            let objective = HostObjective::new(example.problem()).unwrap();
            let start = vec![0.0; example.problem().dimension()];
            let found = fit(&objective, &Newton::default(), &start, &Stop::default()).unwrap();
            let verdict = separation(&objective, None).unwrap();
            assert_ne!(verdict, Verdict::Undecided, "{loss:?} {seed}");
            let separated = matches!(verdict, Verdict::Separated(_));
            match found.solution.status {
                Status::Converged => assert!(!separated, "{loss:?} {seed}"),
                Status::Separated => assert!(separated, "{loss:?} {seed}"),
                Status::Collinear => {
                    assert!(!separated, "{loss:?} {seed}");
                    assert!(!dependences(&objective).unwrap().is_empty());
                }
                // columns that differ by less than the curvature's rounding: neither provably
                // collinear nor certifiable
                Status::IterationLimit => {
                    assert!(!separated && !found.certificate.holds(), "{loss:?} {seed}");
                    unsure += 1;
                }
                other => panic!("{loss:?} {seed}: {other} {:?}", found.solution.detail),
            }
            seen[usize::from(separated)] += 1;
        }
    }
    assert!(
        seen.iter().all(|&count| count > 100) && unsure < 20,
        "{seen:?} {unsure}"
    );
}

#[test]
fn breast_cancer_is_completely_separated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/breast_cancer.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut values = Vec::new();
    let mut y = Vec::new();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    for line in text.lines().skip(1) {
        for (name, cell) in header.iter().zip(line.split(',')) {
            match *name {
                "diagnosis" => y.push(f64::from(cell == "malignant")),
                _ => values.push(cell.parse::<f64>().unwrap()),
            }
        }
    }
    assert_eq!((y.len(), values.len()), (569, 569 * 30));
    let design = DesignMatrix::new(569, 30, values).unwrap();
    let objective = HostObjective::new(Problem::new(&design, TargetValues::Binary(&y))).unwrap();
    // the fit proves it by the way
    let found = fit(&objective, &Newton::default(), &[0.0; 31], &Stop::default()).unwrap();
    assert_eq!(found.solution.status, Status::Separated);
    assert!(found.solution.iterations() < 30);
    let Some(Verdict::Separated(by_the_way)) = found.diagnosis.separation else {
        panic!()
    };
    assert!(by_the_way.complete && by_the_way.rows == 569);
    // and so does the search from nothing
    let Verdict::Separated(searched) = separation(&objective, None).unwrap() else {
        panic!()
    };
    assert!(searched.complete && searched.rows == 569);
    assert!(dependences(&objective).unwrap().is_empty());
    let penalty = Penalty::from_c(1.0, 569.0);
    let ridge = Problem {
        penalty,
        ..*objective.problem()
    };
    let objective = HostObjective::new(ridge).unwrap();
    let found = fit(&objective, &Newton::default(), &[0.0; 31], &Stop::default()).unwrap();
    assert_eq!(found.solution.status, Status::Converged);
}

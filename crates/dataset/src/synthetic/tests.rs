use super::*;
use crate::read::{CsvOptions, Input, read_table};
use crate::schema::SchemaOptions;

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn variance(values: &[f64]) -> f64 {
    let center = mean(values.iter().copied());
    mean(values.iter().map(|value| (value - center).powi(2)))
}

/// The columns of one kind, as vectors.
fn columns(synthetic: &Synthetic, wanted: impl Fn(Provenance) -> bool) -> Vec<Vec<f64>> {
    (0..synthetic.columns)
        .filter(|&column| wanted(synthetic.provenance[column]))
        .map(|column| synthetic.column(column).collect())
        .collect()
}

/// What is left of each vector, as a share of its length, without the span of those before it.
fn residuals(vectors: &[Vec<f64>]) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    vectors
        .iter()
        .map(|vector| {
            let mut rest = vector.clone();
            for _ in 0..2 {
                for earlier in &basis {
                    let along = dot(&rest, earlier);
                    rest.iter_mut()
                        .zip(earlier)
                        .for_each(|(value, e)| *value -= along * e);
                }
            }
            let norm = dot(&rest, &rest).sqrt();
            let share = norm / dot(vector, vector).sqrt();
            basis.push(rest.iter().map(|value| value / norm).collect());
            share
        })
        .collect()
}

fn class_counts(synthetic: &Synthetic, classes: usize) -> Vec<usize> {
    (0..classes)
        .map(|class| {
            synthetic
                .target
                .iter()
                .filter(|&&other| other == class as f64)
                .count()
        })
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_table() {
    let problem = |seed| Classification {
        seed,
        ..Default::default()
    };
    assert_eq!(problem(3).generate(), problem(3).generate());
    assert_ne!(problem(3).generate(), problem(4).generate());
    let problem = |seed| Regression {
        seed,
        noise: 1.0,
        ..Default::default()
    };
    assert_eq!(problem(3).generate(), problem(3).generate());
    assert_ne!(problem(3).generate(), problem(4).generate());
}

#[test]
fn classes_have_their_shares() {
    let equal = Classification {
        samples: 1001,
        flip: 0.0,
        ..Default::default()
    };
    let counts = class_counts(&equal.generate().unwrap(), 2);
    assert!(counts[0].abs_diff(counts[1]) <= 2, "{counts:?}");
    for weights in [vec![0.1, 0.2, 0.7], vec![0.1, 0.2]] {
        let weighted = Classification {
            samples: 10_000,
            informative: 4,
            classes: 3,
            weights: Some(weights),
            flip: 0.0,
            ..Default::default()
        };
        let counts = class_counts(&weighted.generate().unwrap(), 3);
        for (count, expected) in counts.into_iter().zip([1000, 2000, 7000]) {
            assert!(count.abs_diff(expected) <= 3, "{count} {expected}");
        }
    }
}

#[test]
fn labels_are_flipped_at_the_given_rate() {
    let clean = Classification {
        samples: 40_000,
        flip: 0.0,
        shuffle: false,
        ..Default::default()
    };
    let noisy = Classification {
        flip: 0.2,
        ..clean.clone()
    };
    let (clean, noisy) = (clean.generate().unwrap(), noisy.generate().unwrap());
    let pairs = clean.target.iter().zip(&noisy.target);
    let rate = mean(pairs.map(|(a, b)| f64::from(u8::from(a != b))));
    // Half of the labels that are drawn again stay: rate 0.1, standard error 0.0015.
    assert!((rate - 0.1).abs() < 0.007, "{rate}");
}

#[test]
fn clusters_sit_at_the_corners_of_a_cube() {
    let problem = Classification {
        samples: 40_000,
        features: 3,
        informative: 3,
        redundant: 0,
        classes: 4,
        clusters_per_class: 2,
        flip: 0.0,
        class_separation: 3.0,
        shuffle: false,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    let mut corners = std::collections::BTreeSet::new();
    for cluster in 0..8 {
        let rows = cluster * 5000..(cluster + 1) * 5000;
        let class = synthetic.target[rows.start];
        assert!(
            synthetic.target[rows.clone()]
                .iter()
                .all(|other| *other == class)
        );
        assert_eq!(class, (cluster % 4) as f64);
        let center: Vec<f64> = (0..3)
            .map(|column| mean(synthetic.column(column).skip(rows.start).take(rows.len())))
            .collect();
        // The deviation of a coordinate is at most √3, that of its mean √3 / √5000 = 0.025.
        assert!(
            center.iter().all(|x| (x.abs() - 3.0).abs() < 0.13),
            "{center:?}"
        );
        corners.insert(center.iter().map(|x| *x > 0.0).collect::<Vec<_>>());
    }
    assert_eq!(corners.len(), 8);
    let box_problem = Classification {
        hypercube: false,
        ..problem
    };
    let synthetic = box_problem.generate().unwrap();
    for column in 0..3 {
        let center = mean(synthetic.column(column).take(5000));
        assert!(center.abs() < 3.0, "a box is smaller than the cube");
    }
}

#[test]
fn redundant_columns_are_combinations_and_repeated_ones_copies() {
    let problem = Classification {
        samples: 500,
        features: 12,
        informative: 4,
        redundant: 3,
        repeated: 3,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    let informative = columns(&synthetic, |column| column == Provenance::Informative);
    let redundant = columns(&synthetic, |column| column == Provenance::Redundant);
    let noise = columns(&synthetic, |column| column == Provenance::Noise);
    assert_eq!((informative.len(), redundant.len(), noise.len()), (4, 3, 2));
    let shares = residuals(&[informative, redundant, noise.clone()].concat());
    assert!(shares[..4].iter().all(|share| *share > 0.01), "{shares:?}");
    assert!(
        shares[4..7].iter().all(|share| *share < 1e-12),
        "{shares:?}"
    );
    assert!(shares[7..].iter().all(|share| *share > 0.9), "{shares:?}");
    let mut copies = 0;
    for (column, provenance) in synthetic.provenance.iter().enumerate() {
        if let Provenance::Repeated { of } = *provenance {
            assert!(synthetic.column(column).eq(synthetic.column(of)));
            let source = synthetic.provenance[of];
            assert!(matches!(
                source,
                Provenance::Informative | Provenance::Redundant
            ));
            copies += 1;
        }
    }
    assert_eq!(copies, 3);
    for column in noise {
        assert!(mean(column.iter().copied()).abs() < 0.2);
        assert!((variance(&column) - 1.0).abs() < 0.3);
    }
}

#[test]
fn the_informative_columns_tell_the_classes_apart() {
    let far = Classification {
        samples: 2000,
        informative: 5,
        clusters_per_class: 1,
        flip: 0.0,
        class_separation: 4.0,
        ..Default::default()
    };
    let synthetic = far.generate().unwrap();
    let gap = |column: &Vec<f64>| {
        let of = |class: f64| {
            let pairs = column.iter().zip(&synthetic.target);
            mean(pairs.filter(|(_, y)| **y == class).map(|(x, _)| *x))
        };
        (of(1.0) - of(0.0)).abs()
    };
    let informative = columns(&synthetic, |column| column == Provenance::Informative);
    assert!(informative.iter().map(gap).fold(0.0, f64::max) > 7.0);
    let noise = columns(&synthetic, |column| column == Provenance::Noise);
    assert!(noise.iter().map(gap).all(|gap| gap < 0.25));
}

#[test]
fn columns_are_shifted_and_scaled() {
    let plain = Classification {
        shuffle: false,
        ..Default::default()
    };
    let moved = Classification {
        shift: Some(2.0),
        scale: Some(3.0),
        ..plain.clone()
    };
    let (a, b) = (plain.generate().unwrap(), moved.generate().unwrap());
    assert!(
        a.values
            .iter()
            .zip(&b.values)
            .all(|(a, b)| (a + 2.0) * 3.0 == *b)
    );
    let random = Classification {
        shift: None,
        scale: None,
        ..plain
    };
    let c = random.generate().unwrap();
    for column in 0..20 {
        let (a, c): (Vec<f64>, Vec<f64>) = (a.column(column).collect(), c.column(column).collect());
        let scale = (variance(&c) / variance(&a)).sqrt();
        let shift = c[0] / scale - a[0];
        assert!((1.0 - 1e-9..=100.0 + 1e-9).contains(&scale), "{scale}");
        assert!(shift.abs() <= 1.0 + 1e-9, "{shift}");
    }
}

#[test]
fn rows_are_shuffled_with_their_labels() {
    let problem = Classification {
        informative: 2,
        clusters_per_class: 1,
        flip: 0.0,
        class_separation: 1000.0,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    let first_half = mean(synthetic.target[..50].iter().copied());
    assert!((0.2..0.8).contains(&first_half), "{first_half}");
    // Each class sits at one corner, far from the other.
    let informative = columns(&synthetic, |column| column == Provenance::Informative);
    let side = |row: usize| [informative[0][row] > 0.0, informative[1][row] > 0.0];
    for row in 0..100 {
        let other = (0..100).find(|other| synthetic.target[*other] == synthetic.target[row]);
        assert_eq!(side(row), side(other.unwrap()));
    }
}

#[test]
fn a_regression_has_its_coefficients_and_its_noise() {
    let problem = Regression {
        samples: 5000,
        features: 6,
        informative: 3,
        targets: 2,
        bias: 5.0,
        noise: 4.0,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    let nonzero = |column: usize| synthetic.coefficients[column * 2..column * 2 + 2] != [0.0, 0.0];
    for (column, provenance) in synthetic.provenance.iter().enumerate() {
        assert_eq!(nonzero(column), *provenance == Provenance::Informative);
    }
    assert!(
        synthetic
            .coefficients
            .iter()
            .all(|b| (0.0..100.0).contains(b))
    );
    for target in 0..2 {
        let residuals: Vec<f64> = synthetic
            .values
            .chunks_exact(6)
            .zip(synthetic.target.iter().skip(target).step_by(2))
            .map(|(row, y)| {
                let coefficients = synthetic.coefficients.iter().skip(target).step_by(2);
                y - 5.0
                    - row
                        .iter()
                        .zip(coefficients)
                        .map(|(x, b)| x * b)
                        .sum::<f64>()
            })
            .collect();
        // Standard errors: 4 / √5000 = 0.057 and 16 √(2/5000) = 0.32.
        assert!(mean(residuals.iter().copied()).abs() < 0.3);
        assert!((variance(&residuals) - 16.0).abs() < 1.6);
    }
}

#[test]
fn an_effective_rank_gives_the_singular_values() {
    let problem = Regression {
        samples: 60,
        features: 20,
        effective_rank: Some(4),
        tail_strength: 0.3,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    let singular = |i: f64| 0.7 * (-(i / 4.0).powi(2)).exp() + 0.3 * (-0.1 * i / 4.0).exp();
    let expected: Vec<f64> = (0..20).map(|i| singular(f64::from(i)).powi(2)).collect();
    // The eigenvalues of XᵀX, by power iteration with deflation, are the squares.
    let columns: Vec<Vec<f64>> = (0..20)
        .map(|column| synthetic.column(column).collect())
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram: Vec<Vec<f64>> = columns
        .iter()
        .map(|a| columns.iter().map(|b| dot(a, b)).collect())
        .collect();
    let trace: f64 = (0..20).map(|column| gram[column][column]).sum();
    assert!((trace - expected.iter().sum::<f64>()).abs() < 1e-10);
    let mut vector = vec![1.0; 20];
    for _ in 0..2000 {
        let next: Vec<f64> = gram.iter().map(|row| dot(row, &vector)).collect();
        let norm = dot(&next, &next).sqrt();
        vector = next.into_iter().map(|value| value / norm).collect();
    }
    let image: Vec<f64> = gram.iter().map(|row| dot(row, &vector)).collect();
    assert!((dot(&image, &vector) - expected[0]).abs() < 1e-8);
    let squares: f64 = gram.iter().flatten().map(|value| value * value).sum();
    assert!((squares - expected.iter().map(|value| value * value).sum::<f64>()).abs() < 1e-10);
}

#[test]
fn more_informative_columns_than_columns_are_all_of_them() {
    let problem = Regression {
        features: 3,
        informative: 10,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    assert!(
        synthetic
            .coefficients
            .iter()
            .all(|coefficient| *coefficient != 0.0)
    );
}

#[test]
fn what_is_written_is_what_was_made() {
    let problem = Regression {
        samples: 30,
        features: 4,
        noise: 1.0,
        ..Default::default()
    };
    let synthetic = problem.generate().unwrap();
    let bytes = synthetic.write(Vec::new(), OutputFormat::Csv).unwrap();
    assert!(bytes.starts_with(b"x1,x2,x3,x4,y\n"));
    let parquet = synthetic.write(Vec::new(), OutputFormat::Parquet);
    let parquet = parquet.ok().filter(|_| cfg!(feature = "parquet"));
    for bytes in parquet.into_iter().chain([bytes]) {
        let input = Input::bytes("synthetic", bytes);
        let read = read_table(&input, &CsvOptions::default(), &SchemaOptions::default());
        assert_eq!(
            read.unwrap().0.columns(),
            synthetic.table().unwrap().columns()
        );
    }
    let two = Regression {
        samples: 2,
        features: 1,
        targets: 2,
        ..Default::default()
    };
    let two = two.generate().unwrap();
    let bytes = two.write(Vec::new(), OutputFormat::Csv).unwrap();
    assert!(bytes.starts_with(b"x1,y1,y2\n"));
    let classes = Classification {
        samples: 5,
        ..Default::default()
    };
    let classes = classes.generate().unwrap();
    let bytes = classes.write(Vec::new(), OutputFormat::Csv).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.lines()
            .skip(1)
            .all(|line| line.ends_with(",0") || line.ends_with(",1"))
    );
}

#[test]
fn parameters_that_do_not_fit_together() {
    let classification = |change: fn(&mut Classification)| {
        let mut problem = Classification::default();
        change(&mut problem);
        let error = problem.generate().unwrap_err();
        assert!(error.remedy().is_some(), "{error}");
        error
    };
    let error = classification(|problem| problem.samples = 0);
    assert_eq!(
        error,
        SyntheticError::Zero {
            parameter: "samples"
        }
    );
    let error = classification(|problem| problem.repeated = 17);
    assert!(matches!(
        error,
        SyntheticError::TooFewFeatures { features: 20, .. }
    ));
    assert!(matches!(
        classification(|problem| problem.redundant = usize::MAX),
        SyntheticError::TooFewFeatures { .. }
    ));
    let error = classification(|problem| problem.classes = 3);
    assert!(matches!(
        error,
        SyntheticError::TooManyClusters { informative: 2, .. }
    ));
    assert_eq!(error.remedy().unwrap(), "at least 3 informative columns");
    let error = classification(|problem| problem.weights = Some(vec![0.2; 3]));
    assert_eq!(
        error,
        SyntheticError::WeightCount {
            classes: 2,
            weights: 3
        }
    );
    for weights in [vec![0.7, 0.7], vec![-0.1, 1.0], vec![f64::NAN, 0.5]] {
        let problem = Classification {
            weights: Some(weights),
            ..Default::default()
        };
        assert!(matches!(
            problem.generate().unwrap_err(),
            SyntheticError::Weights { .. }
        ));
    }
    let error = classification(|problem| problem.flip = 1.5);
    assert!(matches!(
        error,
        SyntheticError::OutOfRange {
            parameter: "flip",
            ..
        }
    ));
    let error = classification(|problem| problem.class_separation = f64::NAN);
    assert!(matches!(
        error,
        SyntheticError::OutOfRange {
            parameter: "class_separation",
            ..
        }
    ));
    let error = classification(|problem| problem.samples = usize::MAX);
    assert!(matches!(error, SyntheticError::TooLarge { .. }));

    let regression = |change: fn(&mut Regression)| {
        let mut problem = Regression::default();
        change(&mut problem);
        problem.generate().unwrap_err()
    };
    let error = regression(|problem| problem.effective_rank = Some(0));
    assert_eq!(
        error,
        SyntheticError::Zero {
            parameter: "effective_rank"
        }
    );
    let error = regression(|problem| problem.noise = -1.0);
    assert!(matches!(
        error,
        SyntheticError::OutOfRange {
            parameter: "noise",
            ..
        }
    ));
    let error = regression(|problem| problem.tail_strength = 2.0);
    assert_eq!(error.to_string(), "tail_strength is 2, not from 0 to 1");
}

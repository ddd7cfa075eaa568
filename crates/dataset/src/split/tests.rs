use proptest::prelude::*;

use super::*;

#[test]
fn fractions_out_of_range_are_an_error() {
    for fraction in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
        let error = split(10, None, 0.0, fraction, 0).unwrap_err();
        assert!(
            matches!(error, SplitError::Fraction { part: "test", .. }),
            "{fraction}"
        );
        let error = split(10, None, fraction, 0.0, 0).unwrap_err();
        assert!(
            matches!(
                error,
                SplitError::Fraction {
                    part: "validation",
                    ..
                }
            ),
            "{fraction}"
        );
    }
}

#[test]
fn a_split_without_training_row_is_an_error() {
    for (rows, validation, test) in [(10, 0.5, 0.5), (1, 0.0, 0.2), (0, 0.0, 0.0), (2, 0.1, 0.1)] {
        let error = split(rows, None, validation, test, 0).unwrap_err();
        assert_eq!(
            error,
            SplitError::NoTrainingRow {
                rows,
                validation,
                test
            }
        );
    }
}

#[test]
fn strata_of_another_length_are_an_error() {
    let expected = SplitError::StrataLength { rows: 3, strata: 2 };
    assert_eq!(split(3, Some(&[0, 1]), 0.0, 0.4, 0).unwrap_err(), expected);
}

#[test]
fn the_seed_decides() {
    let strata: Vec<u32> = (0..100).map(|row| row % 3).collect();
    let with = |seed| split(100, Some(&strata), 0.1, 0.2, seed).unwrap();
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

#[test]
fn the_same_rows_on_every_machine() {
    // Runs are replayed by their seed, so these rows may never change.
    assert_eq!(split(10, None, 0.2, 0.3, 0).unwrap().test, [0, 3, 4]);
}

#[test]
fn sizes_of_the_default_split_of_569_rows() {
    let strata: Vec<u32> = (0..569).map(|row| u32::from(row < 212)).collect();
    let split = split(569, Some(&strata), 0.0, 0.2, 0).unwrap();
    assert_eq!(
        (split.train.len(), split.validation.len(), split.test.len()),
        (455, 0, 114)
    );
}

#[test]
fn a_class_of_one_row_stays_in_training() {
    let mut strata = vec![0; 9];
    strata.push(1);
    for seed in 0..20 {
        let split = split(10, Some(&strata), 0.3, 0.6, seed).unwrap();
        assert_eq!(
            (split.train.len(), split.validation.len(), split.test.len()),
            (1, 3, 6)
        );
        assert_eq!(split.train, [9]);
    }
}

proptest! {
    #[test]
    fn every_row_is_in_one_part_and_classes_keep_their_share(
        strata in proptest::collection::vec(0u32..4, 3..200),
        validation in 0.0..0.45,
        test in 0.0..0.45,
        seed in any::<u64>(),
    ) {
        let rows = strata.len();
        let Ok(split) = split(rows, Some(&strata), validation, test, seed) else {
            return Ok(());
        };
        let mut all = [&split.train[..], &split.validation, &split.test].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
        for part in [&split.train, &split.validation, &split.test] {
            prop_assert!(part.is_sorted());
        }
        for class in 0..4 {
            let count = |part: &[usize]| part.iter().filter(|&&row| strata[row] == class).count();
            let size = strata.iter().filter(|&&code| code == class).count() as f64;
            for (part, fraction) in [(&split.validation, validation), (&split.test, test)] {
                let off = (count(part) as f64 - size * fraction).abs();
                prop_assert!(off < 1.0 + 1e-9, "class {} is off by {}", class, off);
            }
        }
        let size = |fraction: f64| (rows as f64 * fraction).round().max(f64::from(fraction > 0.0));
        prop_assert_eq!(split.test.len() as f64, size(test));
        prop_assert_eq!(split.validation.len() as f64, size(validation));
    }
}

use proptest::prelude::*;

use super::*;

fn spread(counts: &[usize]) -> usize {
    counts.iter().max().unwrap() - counts.iter().min().unwrap()
}

/// Every row is held out once, and fitted on in all other folds.
fn assert_partition(folds: &[Fold], rows: usize) {
    let mut all: Vec<usize> = folds
        .iter()
        .flat_map(|fold| fold.held_out.clone())
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..rows).collect::<Vec<_>>());
    for fold in folds {
        let mut both = [&fold.train[..], &fold.held_out].concat();
        both.sort_unstable();
        assert_eq!(both, (0..rows).collect::<Vec<_>>());
        assert!(fold.train.is_sorted() && fold.held_out.is_sorted());
    }
}

#[test]
fn impossible_folds_are_an_error() {
    let few = SplitError::TooFewFolds { folds: 1 };
    assert_eq!(folds(3, None, 1, 0).unwrap_err(), few);
    assert_eq!(grouped_folds(&[0, 1, 2], None, 1, 0).unwrap_err(), few);
    assert_eq!(ordered_folds(&[0.0, 1.0, 2.0], 1).unwrap_err(), few);
    let error = folds(3, None, 4, 0).unwrap_err();
    assert_eq!(error, SplitError::MoreFoldsThanRows { folds: 4, rows: 3 });
    assert_eq!(error.to_string(), "4 folds of only 3 rows");
    assert_eq!(error.remedy().unwrap(), "at most 3 folds");
    let strata = SplitError::StrataLength { rows: 3, strata: 2 };
    assert_eq!(folds(3, Some(&[0, 1]), 2, 0).unwrap_err(), strata);
    let found = grouped_folds(&[0, 1, 2], Some(&[0, 1]), 2, 0);
    assert_eq!(found.unwrap_err(), strata);
}

#[test]
fn too_few_groups_or_times_say_how_many_folds_there_can_be() {
    let error = grouped_folds(&[4, 4, 9, 9, 9], None, 3, 0).unwrap_err();
    assert_eq!(error.to_string(), "3 folds of only 2 groups");
    assert_eq!(error.remedy().unwrap(), "at most 2 folds");
    let error = grouped_folds(&[4, 4], None, 2, 0).unwrap_err();
    assert_eq!(error.remedy().unwrap(), "a column with more groups");
    let error = ordered_folds(&[1.0, 1.0, 2.0, 3.0], 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "3 folds in the order of time need 4 different times, not 3"
    );
    assert_eq!(error.remedy().unwrap(), "at most 2 folds");
    let error = ordered_folds(&[1.0, f64::NAN, 2.0], 2).unwrap_err();
    assert_eq!(error, SplitError::NoTime { row: 1 });
}

#[test]
fn the_seed_decides() {
    assert_eq!(folds(20, None, 4, 5), folds(20, None, 4, 5));
    assert_ne!(folds(20, None, 4, 5), folds(20, None, 4, 6));
    let groups: Vec<u32> = (0..20).map(|row| row / 2).collect();
    let with = |seed| grouped_folds(&groups, None, 4, seed).unwrap();
    assert_eq!(with(5), with(5));
    assert_ne!(with(5), with(6));
}

#[test]
fn the_same_rows_on_every_machine() {
    // Searches are repeated by their seed, so these rows may never change.
    let held_out: Vec<Vec<usize>> = (folds(8, Some(&[0, 0, 0, 0, 1, 1, 1, 1]), 3, 0).unwrap())
        .into_iter()
        .map(|fold| fold.held_out)
        .collect();
    assert_eq!(held_out, [vec![1, 2, 5], vec![0, 6, 7], vec![3, 4]]);
}

#[test]
fn groups_of_classes_are_spread_as_evenly_as_they_can_be() {
    // Six groups, three of each class, two rows a group: by hand, every third has one of each.
    let groups = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    let strata = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
    for seed in 0..20 {
        let folds = grouped_folds(&groups, Some(&strata), 3, seed).unwrap();
        for fold in &folds {
            let ones = fold.held_out.iter().filter(|&&row| strata[row] == 1);
            assert_eq!((fold.held_out.len(), ones.count()), (4, 2), "{folds:?}");
        }
    }
}

#[test]
fn times_in_any_order_are_cut_where_they_change() {
    // 3 stretches of 8 rows: 3, 6, 8 is the share; the tie of 2.0 moves the first cut to 4.
    let times = [5.0, 1.0, 2.0, 2.0, 3.0, 2.0, 4.0, 6.0];
    let folds = ordered_folds(&times, 2).unwrap();
    assert_eq!(folds[0].train, [1, 2, 3, 5]);
    assert_eq!(folds[0].held_out, [4, 6]);
    assert_eq!(folds[1].train, [1, 2, 3, 4, 5, 6]);
    assert_eq!(folds[1].held_out, [0, 7]);
}

proptest! {
    #[test]
    fn folds_are_even(
        strata in proptest::collection::vec(0u32..3, 2..100),
        k in 2usize..10,
        seed in any::<u64>(),
    ) {
        let rows = strata.len();
        let k = k.min(rows);
        let folds = folds(rows, Some(&strata), k, seed).unwrap();
        assert_partition(&folds, rows);
        let sizes: Vec<usize> = folds.iter().map(|fold| fold.held_out.len()).collect();
        prop_assert!(spread(&sizes) <= 1);
        for class in 0..3 {
            let count = |fold: &Fold| {
                fold.held_out.iter().filter(|&&row| strata[row] == class).count()
            };
            let counts: Vec<usize> = folds.iter().map(count).collect();
            prop_assert!(spread(&counts) <= 1);
        }
    }

    #[test]
    fn a_group_is_never_on_both_sides(
        rows in proptest::collection::vec((0u32..12, 0u32..3), 2..100),
        k in 2usize..6,
        seed in any::<u64>(),
    ) {
        let (groups, strata): (Vec<u32>, Vec<u32>) = rows.into_iter().unzip();
        let Ok(folds) = grouped_folds(&groups, Some(&strata), k, seed) else {
            return Ok(());
        };
        assert_partition(&folds, groups.len());
        for fold in &folds {
            prop_assert!(!fold.held_out.is_empty());
            for &row in &fold.held_out {
                prop_assert!(fold.train.iter().all(|&other| groups[other] != groups[row]));
            }
        }
    }

    #[test]
    fn nothing_is_fitted_on_what_came_later(
        times in proptest::collection::vec(0u8..40, 3..100),
        k in 2usize..6,
    ) {
        let times: Vec<f64> = times.into_iter().map(f64::from).collect();
        let Ok(folds) = ordered_folds(&times, k) else {
            return Ok(());
        };
        prop_assert_eq!(folds.len(), k);
        let mut held_out = 0;
        for fold in &folds {
            let last = fold.train.iter().map(|&row| times[row]).fold(f64::MIN, f64::max);
            prop_assert!(fold.held_out.iter().all(|&row| times[row] > last));
            prop_assert!(!fold.held_out.is_empty() && !fold.train.is_empty());
            held_out += fold.held_out.len();
        }
        prop_assert_eq!(held_out + folds[0].train.len(), times.len());
    }
}

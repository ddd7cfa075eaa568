//! Which rows are fitted on and which are held out in each fold of a cross-validation.
//!
//! Rows are dealt at random ([`folds`]), by whole groups ([`grouped_folds`]), or in the order of time, so
//! that no fold knows what came after the rows that it is judged on ([`ordered_folds`]).

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{SplitError, shuffled_classes};

/// Rows of one fold, both parts in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fold {
    /// Rows to fit on.
    pub train: Vec<usize>,
    /// Rows to judge on.
    pub held_out: Vec<usize>,
}

/// Deals the rows `0..rows` at random into `k` parts; each is held out once.
///
/// Sizes differ by at most one row, and with `strata` so do the rows of each class.
///
/// # Errors
/// [`SplitError::TooFewFolds`], [`SplitError::MoreFoldsThanRows`], [`SplitError::StrataLength`].
///
/// # Examples
/// ```
/// let folds = dataset::folds(7, None, 3, 0)?;
/// let sizes: Vec<usize> = folds.iter().map(|fold| fold.held_out.len()).collect();
/// assert_eq!(sizes, [3, 2, 2]);
/// assert_eq!(folds[0].train.len(), 4);
/// # Ok::<(), dataset::SplitError>(())
/// ```
pub fn folds(
    rows: usize,
    strata: Option<&[u32]>,
    k: usize,
    seed: u64,
) -> Result<Vec<Fold>, SplitError> {
    check(k, rows)?;
    let classes = shuffled_classes(rows, strata, seed)?;
    let mut part = vec![0; rows];
    // Dealt like cards, one class after the other.
    for (position, row) in classes.into_iter().flatten().enumerate() {
        part[row] = position % k;
    }
    Ok(each_held_out_once(&part, k))
}

/// Deals whole groups of rows into `k` parts; each is held out once, and no group is on both sides of a fold.
///
/// `groups` has a code for each row. Groups are placed from the largest to the smallest (equal ones in random
/// order), each where its classes are fewest: with `n_fc` rows of class `c` in part `f` and `N_c` in all, a
/// group of `g_c` rows goes to the part with the smallest `Σ_c n_fc·g_c/N_c²`, which adds least to the squares of
/// all parts' shares. Without `strata` all rows are of one class, and that is the part with the fewest.
///
/// # Errors
/// [`SplitError::TooFewFolds`], [`SplitError::MoreFoldsThanRows`], [`SplitError::MoreFoldsThanGroups`],
/// [`SplitError::StrataLength`].
///
/// # Examples
/// ```
/// let patients = [7, 7, 7, 3, 3, 5];
/// let folds = dataset::grouped_folds(&patients, None, 2, 0)?;
/// assert_eq!(folds[0].held_out, [0, 1, 2]);
/// assert_eq!(folds[1].held_out, [3, 4, 5]);
/// # Ok::<(), dataset::SplitError>(())
/// ```
pub fn grouped_folds(
    groups: &[u32],
    strata: Option<&[u32]>,
    k: usize,
    seed: u64,
) -> Result<Vec<Fold>, SplitError> {
    let rows = groups.len();
    check(k, rows)?;
    if let Some(strata) = strata.filter(|strata| strata.len() != rows) {
        let strata = strata.len();
        return Err(SplitError::StrataLength { rows, strata });
    }
    let class = |row: usize| strata.map_or(0, |strata| strata[row]);

    // 1. The rows of each group by class, and of all rows.
    let mut members = BTreeMap::<u32, (BTreeMap<u32, f64>, usize)>::new();
    let mut totals = BTreeMap::<u32, f64>::new();
    for (row, &group) in groups.iter().enumerate() {
        let (counts, size) = members.entry(group).or_default();
        *counts.entry(class(row)).or_default() += 1.0;
        *size += 1;
        *totals.entry(class(row)).or_default() += 1.0;
    }
    if k > members.len() {
        let groups = members.len();
        return Err(SplitError::MoreFoldsThanGroups { folds: k, groups });
    }

    // 2. From the largest to the smallest, each to the part that has the least of its kind.
    let mut order: Vec<_> = members.into_iter().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|(_, (_, size))| std::cmp::Reverse(*size));
    let mut parts = vec![(BTreeMap::<u32, f64>::new(), 0_usize); k];
    let mut part_of = BTreeMap::new();
    let left = order.len();
    for (placed, (group, (counts, size))) in order.into_iter().enumerate() {
        let empty = parts.iter().filter(|(_, rows)| *rows == 0).count();
        let cost = |part: &BTreeMap<u32, f64>| -> f64 {
            let shares = counts.iter().map(|(class, count)| {
                let total = totals[class];
                part.get(class).map_or(0.0, |n| n * count / (total * total))
            });
            shares.sum()
        };
        // Where just as many groups are left as parts are empty, each has to fill one.
        let must_fill = left - placed == empty;
        let best = parts
            .iter()
            .enumerate()
            .filter(|(_, (_, rows))| !must_fill || *rows == 0)
            .min_by(|(_, (a, n)), (_, (b, m))| cost(a).total_cmp(&cost(b)).then(n.cmp(m)))
            .map_or(0, |(at, _)| at);
        for (class, count) in counts {
            *parts[best].0.entry(class).or_default() += count;
        }
        parts[best].1 += size;
        part_of.insert(group, best);
    }
    let part: Vec<usize> = groups.iter().map(|group| part_of[group]).collect();
    Ok(each_held_out_once(&part, k))
}

/// Cuts the rows into `k + 1` stretches of time; fold `i` holds out stretch `i + 1` and is fitted on all
/// stretches before it.
///
/// `times` has a number for each row, in any unit. Rows of the same time are in the same stretch, which
/// moves a cut to the next change of time; otherwise stretches differ by at most one row. There is no
/// randomness in it. (Without ties: scikit-learn's `TimeSeriesSplit`, but for which stretches get the rows
/// that are left over.)
///
/// # Errors
/// [`SplitError::TooFewFolds`], [`SplitError::MoreFoldsThanRows`], [`SplitError::NoTime`] for NaN,
/// [`SplitError::MoreFoldsThanTimes`].
///
/// # Examples
/// ```
/// let years = [2003.0, 2001.0, 2002.0, 2001.0];
/// let folds = dataset::ordered_folds(&years, 2)?;
/// assert_eq!((&folds[0].train[..], &folds[0].held_out[..]), (&[1, 3][..], &[2][..]));
/// assert_eq!((&folds[1].train[..], &folds[1].held_out[..]), (&[1, 2, 3][..], &[0][..]));
/// # Ok::<(), dataset::SplitError>(())
/// ```
pub fn ordered_folds(times: &[f64], k: usize) -> Result<Vec<Fold>, SplitError> {
    let rows = times.len();
    check(k, rows)?;
    if let Some(row) = times.iter().position(|time| time.is_nan()) {
        return Err(SplitError::NoTime { row });
    }
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| times[a].total_cmp(&times[b]).then(a.cmp(&b)));
    // 1. Where the time changes, as counts of rows before; the end is the last such place.
    #[allow(clippy::float_cmp, reason = "the same time is the same number")]
    let mut changes: Vec<usize> = (1..rows)
        .filter(|&at| times[order[at - 1]] != times[order[at]])
        .collect();
    changes.push(rows);
    if k + 1 > changes.len() {
        let times = changes.len();
        return Err(SplitError::MoreFoldsThanTimes { folds: k, times });
    }
    // 2. Each cut at the first change that leaves the stretches before it their share of rows, and those
    //    after it a change each.
    let mut cuts = Vec::with_capacity(k + 1);
    let mut next = 0;
    for stretch in 1..=k + 1 {
        let share = (rows * stretch).div_ceil(k + 1);
        let last = changes.len() - 1 - (k + 1 - stretch);
        while next < last && changes[next] < share {
            next += 1;
        }
        cuts.push(changes[next]);
        next += 1;
    }
    let sorted = |rows: &[usize]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    Ok(cuts
        .windows(2)
        .map(|cut| Fold {
            train: sorted(&order[..cut[0]]),
            held_out: sorted(&order[cut[0]..cut[1]]),
        })
        .collect())
}

/// Refuses numbers of folds that no rows can have.
fn check(k: usize, rows: usize) -> Result<(), SplitError> {
    if k < 2 {
        return Err(SplitError::TooFewFolds { folds: k });
    }
    if k > rows {
        return Err(SplitError::MoreFoldsThanRows { folds: k, rows });
    }
    Ok(())
}

fn each_held_out_once(part: &[usize], k: usize) -> Vec<Fold> {
    let rows = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..part.len()).filter(|&row| wanted(part[row])).collect()
    };
    (0..k)
        .map(|fold| Fold {
            train: rows(&|part| part != fold),
            held_out: rows(&|part| part == fold),
        })
        .collect()
}

#[cfg(test)]
mod tests;

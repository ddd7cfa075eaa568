//! Text of very many levels, hashed to a fixed number of buckets.

use std::collections::BTreeMap;

use twox_hash::XxHash64;

use super::categorical::{Place, dummies, place_of_missing};
use super::encode::{FittedFeature, dropped};
use super::scale::Sum;
use super::training::TrainingRows;
use super::{DesignColumn, Encoding, MISSING_LEVEL};
use crate::schema::ColumnSchema;

/// The bucket of a text: the low `bits` bits of its XXH64 with seed 0, which is the same on every
/// machine and in every version.
///
/// # Examples
/// ```
/// // XXH64 of "a" is 0xd24ec4f1a98c6e5b.
/// assert_eq!(dataset::pipeline::bucket("a", 8), 0x5b);
/// ```
pub fn bucket(text: &str, bits: u32) -> u32 {
    let mask = (1u64 << bits.min(32)) - 1;
    (XxHash64::oneshot(0, text.as_bytes()) & mask) as u32
}

/// The bucket as a level.
fn level(bucket: u32) -> String {
    format!("#{bucket}")
}

/// The bucket that a level stands for.
pub(super) fn bucket_of(level: &str) -> Option<u32> {
    let digits = level.strip_prefix('#')?;
    let bucket: u32 = digits.parse().ok()?;
    (bucket.to_string() == digits).then_some(bucket)
}

pub(super) fn fit(
    column: &ColumnSchema,
    codes: &[u32],
    texts: &[String],
    training: &TrainingRows,
    bits: u32,
    standardized: bool,
) -> FittedFeature {
    let weights = super::categorical::level_weights(codes, texts, training);
    let (missing, seen) = (weights.missing, weights.levels);
    // How many levels each bucket has, and their weight.
    let mut buckets: BTreeMap<u32, (usize, Sum)> = BTreeMap::new();
    for (text, weight) in &seen {
        let (levels, sum) = buckets.entry(bucket(text, bits)).or_default();
        *levels += 1;
        sum.add(*weight);
    }
    let total: f64 = seen
        .iter()
        .map(|(_, weight)| *weight)
        .collect::<Sum>()
        .value();
    let shared = || buckets.values().filter(|(levels, _)| *levels > 1);
    let shared_levels = shared().map(|(levels, _)| levels).sum();
    let shared_weight = shared()
        .map(|(_, sum)| sum.value())
        .collect::<Sum>()
        .value();
    let mut levels: Vec<(String, f64)> = buckets
        .iter()
        .map(|(&bucket, (_, sum))| (level(bucket), sum.value()))
        .collect();
    let Some(&reference) = buckets.keys().next() else {
        return dropped(column, "is missing in every row to fit on".to_owned());
    };
    levels.extend(missing.map(|weight| (MISSING_LEVEL.to_owned(), weight)));
    let design = dummies(&column.name, &levels, standardized);
    if design.is_empty() {
        return dropped(
            column,
            format!("is in bucket {reference} in every row to fit on"),
        );
    }
    let encoding = Encoding::Hashed {
        bits,
        reference,
        levels: seen.len(),
        shared_levels,
        shared_rows: shared_weight / total,
    };
    FittedFeature::used(column, encoding, design)
}

/// Where each text goes, and where a missing cell.
pub(super) fn places(
    texts: &[String],
    bits: u32,
    reference: u32,
    columns: &[(usize, &DesignColumn)],
) -> (Vec<Place>, Place) {
    let mut known: BTreeMap<u32, Place> = columns
        .iter()
        .filter_map(|&(position, column)| {
            let bucket = bucket_of(column.level.as_deref()?)?;
            Some((bucket, Place::dummy(position)))
        })
        .collect();
    known.insert(reference, Place::REFERENCE);
    let missing = place_of_missing(columns).unwrap_or(Place::UNSEEN);
    let place = |text: &String| {
        if text == MISSING_LEVEL {
            return missing;
        }
        known
            .get(&bucket(text, bits))
            .copied()
            .unwrap_or(Place::UNSEEN)
    };
    (texts.iter().map(place).collect(), missing)
}

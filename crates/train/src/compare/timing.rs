//! How long something takes: medians after a warm-up.

use std::time::{Duration, Instant};

use super::report::Timing;

/// Time spent on one measurement, unless a number of repetitions is asked for.
const BUDGET: Duration = Duration::from_millis(250);
/// Repetitions that a median needs at least.
const LEAST: usize = 3;
/// Repetitions beyond which a median hardly moves.
const MOST: usize = 1000;

/// Times `work`, which ends when its result is on the host.
///
/// # Errors
/// That of `work`.
pub(super) fn time<E>(
    repetitions: Option<usize>,
    mut work: impl FnMut() -> Result<(), E>,
) -> Result<Timing, E> {
    // Threads start, kernels are compiled, memory is mapped.
    work()?;
    let mut seconds = Vec::new();
    let began = Instant::now();
    loop {
        let started = Instant::now();
        work()?;
        seconds.push(started.elapsed().as_secs_f64());
        let count = seconds.len();
        let enough = match repetitions {
            Some(wanted) => count >= wanted,
            None => count >= MOST || (count >= LEAST && began.elapsed() >= BUDGET),
        };
        if enough {
            return Ok(summary(seconds));
        }
    }
}

fn summary(mut seconds: Vec<f64>) -> Timing {
    seconds.sort_by(f64::total_cmp);
    let count = seconds.len();
    Timing {
        median_seconds: 0.5 * (seconds[(count - 1) / 2] + seconds[count / 2]),
        least_seconds: seconds[0],
        repetitions: count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middle_ones() {
        let odd = summary(vec![5.0, 1.0, 2.0]);
        assert!(
            (odd.median_seconds - 2.0).abs() < 1e-15 && (odd.least_seconds - 1.0).abs() < 1e-15
        );
        let even = summary(vec![5.0, 1.0, 2.0, 3.0]);
        assert!((even.median_seconds - 2.5).abs() < 1e-15);
    }

    #[test]
    fn as_many_repetitions_as_asked_for_and_a_warm_up() {
        let mut calls = 0;
        let timing = time::<()>(Some(4), || {
            calls += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!((timing.repetitions, calls), (4, 5));
        assert_eq!(time(Some(1), || Err("no")).unwrap_err(), "no");
    }
}

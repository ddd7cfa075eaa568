//! Loss curves in characters: a small chart for the terminal.

use std::fmt::Write as _;

use crate::rates::report::Sweep;

/// Characters of the chart, without its axis.
const WIDTH: usize = 60;
const HEIGHT: usize = 12;

/// Decades from top to bottom at most.
const DECADES: f64 = 8.0;

/// The letter of a run.
pub(super) fn letter(at: usize) -> char {
    (b'a' + at as u8) as char
}

/// The distances of every run from the optimum, one letter for each run, on a logarithmic axis.
///
/// Where several curves share a place, the first letter stands.
pub(super) fn chart(sweep: &Sweep) -> String {
    let runs = &sweep.runs;
    let start = runs
        .first()
        .and_then(|run| run.distances.first().copied().flatten())
        .unwrap_or(1.0);
    let positive = |value: &&f64| **value > 0.0;
    let lowest = runs
        .iter()
        .flat_map(|run| run.distances.iter().flatten())
        .filter(positive)
        .fold(start, |low, value| low.min(*value));
    // from a decade above the start down to the lowest
    let top = start.log10().floor() + 2.0;
    let bottom = lowest.log10().floor().max(top - DECADES).min(top - 2.0);
    let mut cells = vec![[' '; WIDTH]; HEIGHT];
    for (at, run) in runs.iter().enumerate().rev() {
        let last = sweep.epochs.max(1);
        let mut above = false;
        #[allow(
            clippy::needless_range_loop,
            reason = "a column of every line, and a place in the run"
        )]
        for column in 0..WIDTH {
            let step = column * last / (WIDTH - 1);
            let value = run.distances.get(step).copied().flatten();
            let height = match value {
                Some(value) if value > 0.0 => (value.log10() - bottom) / (top - bottom),
                Some(_) => 0.0,
                None => f64::INFINITY,
            };
            if height > 1.0 {
                // a curve that leaves at the top is named there once
                if !above {
                    cells[0][column] = letter(at);
                }
                above = true;
                continue;
            }
            above = false;
            let depth = (1.0 - height.max(0.0)) * (HEIGHT - 1) as f64;
            // Between 0 and HEIGHT - 1.
            let line = usize::try_from(depth.round() as i64).unwrap_or(0);
            cells[line][column] = letter(at);
        }
    }
    let mut text = String::new();
    for (line, cells) in cells.iter().enumerate() {
        let share = 1.0 - line as f64 / (HEIGHT - 1) as f64;
        let exponent = bottom + share * (top - bottom);
        let before = bottom + (share + 1.0 / (HEIGHT - 1) as f64) * (top - bottom);
        // a decade is named on the line that is first at or below it
        let axis = if line == 0 || exponent.ceil() < before.ceil() {
            format!("1e{:+}", if line == 0 { top } else { exponent.ceil() })
        } else {
            String::new()
        };
        let cells: String = cells.iter().collect();
        let _ = writeln!(text, "{axis:>14} |{}", cells.trim_end());
    }
    let what = if sweep.full_batch { "steps" } else { "epochs" };
    let _ = writeln!(text, "{:>14} +{}", "", "-".repeat(WIDTH));
    let right = format!("{} {what}", sweep.epochs);
    let _ = writeln!(text, "{:>14}  0{right:>width$}", "", width = WIDTH - 1);
    text
}

//! What the figures of a comparison say, in one plain sentence.

use terminal::number::{count, duration, significant};

use super::report::{CompareReport, Line, Measured};

/// Share of an evaluation's time that a single row takes, from which the time goes into asking.
const OVERHEAD: f64 = 0.5;

/// Share from which that is all of it.
const NEARLY_ALL: f64 = 0.9;

/// The sentence: how much there is to compute, who is fastest, and where the others' time goes.
pub(super) fn explain(report: &CompareReport) -> String {
    let cells = report.rows * report.columns;
    let amount = format!(
        "{} rows × {} columns are {} numbers",
        count(report.rows),
        count(report.columns),
        count(cells)
    );
    let measured = || {
        let lines = report.comparison.iter();
        lines.filter_map(|line| Some((line, line.measured.as_ref()?)))
    };
    let seconds = |(_, found): &(&Line, &Measured)| found.evaluation.median_seconds;
    let by_time =
        |a: &(&Line, &Measured), b: &(&Line, &Measured)| seconds(a).total_cmp(&seconds(b));
    let Some(fastest) = measured().min_by(by_time) else {
        return format!("{amount}, and nothing was there to compute with.");
    };
    // A GPU is what people wonder about; otherwise the slowest is what wants an explanation.
    let gpu = measured()
        .filter(|(line, _)| line.adapter.is_some())
        .min_by(by_time);
    let other = gpu
        .filter(|(line, _)| !std::ptr::eq(*line, fastest.0))
        .or_else(|| measured().max_by(by_time))
        .filter(|(line, _)| !std::ptr::eq(*line, fastest.0));
    let first = format!(
        "{amount}: {} needs {} for all of them",
        name(fastest.0),
        duration(seconds(&fastest))
    );
    match other {
        None => format!("{first}, {}.", reads(report, seconds(&fastest))),
        Some(other) => format!("{first}, {}", slower(report, fastest, other)),
    }
}

/// Where the slower one's time goes.
fn slower(
    report: &CompareReport,
    fastest: (&Line, &Measured),
    other: (&Line, &Measured),
) -> String {
    let (line, found) = other;
    let all = found.evaluation.median_seconds;
    let asking = found.single_row.median_seconds;
    let pretending = if line.software {
        ", on a GPU that the CPU pretends to be"
    } else {
        ""
    };
    if asking >= OVERHEAD * all {
        let what = if line.adapter.is_some() {
            "launching kernels and reading the result back"
        } else {
            "calling one tensor operation after the other"
        };
        let spent = if asking >= NEARLY_ALL * all {
            format!("its {}", duration(all))
        } else {
            format!("{} of its {}", duration(asking), duration(all))
        };
        return format!(
            "while {} spends {spent} on {what}, which a single row costs, too{pretending}.",
            name(line)
        );
    }
    let passes = format!(
        "{}, while {} takes {}, {}",
        reads(report, fastest.1.evaluation.median_seconds),
        name(line),
        duration(all),
        reads(report, all)
    );
    if fastest.0.adapter.is_some() {
        format!("{passes}: the GPU's memory is faster, and there is enough to do to fill it.")
    } else {
        format!("{passes}: each of its tensor operations goes through memory anew{pretending}.")
    }
}

/// A time in reads of the design matrix.
fn reads(report: &CompareReport, seconds: f64) -> String {
    let times = seconds / report.read_seconds.max(1e-9);
    format!(
        "as long as reading them {} times",
        significant(times, if times < 10.0 { 2 } else { 3 })
    )
}

fn name(line: &Line) -> String {
    if line.backend == "host" {
        "the host's fused pass".to_owned()
    } else {
        format!("{} {}", line.backend, line.gradient)
    }
}

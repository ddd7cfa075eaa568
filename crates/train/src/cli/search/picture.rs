//! A search as a picture: the loss along the penalties, and the coefficients.

use evaluate::picture::{Chart, PathPlot, Series};
use terminal::number::{count, counted, significant};

use super::text::{describe, folds};
use crate::search::report::{Outline, SearchReport, TrialReport};

pub(super) fn draw(report: &SearchReport) -> String {
    let best = report.best.as_ref();
    let trial = best.and_then(|best| report.trials.get(best.trial));
    let (Some(best), Some(trial)) = (best, trial) else {
        return String::new();
    };
    let mut marks = Vec::new();
    for (at, name) in [(trial.one_standard_error, "1se"), (trial.minimum, "min")] {
        if let Some(score) = at.and_then(|at| trial.scores.get(at)) {
            marks.push((score.lambda, name.to_owned()));
        }
    }
    let mut charts = vec![loss(report, trial)];
    if let Some(outline) = &report.outline {
        charts.push(coefficients(trial, outline, best.at));
    }
    let settings = describe(&trial.settings);
    let with = if settings.is_empty() {
        String::new()
    } else {
        format!(" with {settings}")
    };
    PathPlot {
        title: format!("{}: {} along the penalty", report.table.name, report.loss),
        caption: vec![
            format!(
                "{}, {}; L1 ratio {}{with}",
                counted(report.rows, "row"),
                folds(report),
                trial.l1_ratio
            ),
            "bars: one standard error; dashed: the least loss, and the largest penalty within its \
             standard error"
                .to_owned(),
        ],
        axis: "penalty λ, falling to the right".to_owned(),
        ticks: |lambda| significant(lambda, 1),
        marks,
        charts,
    }
    .to_svg()
}

fn loss(report: &SearchReport, trial: &TrialReport) -> Chart {
    let judged = || {
        let scores = trial.scores.iter();
        scores.filter_map(|score| Some((score.lambda, score.mean?, score.standard_error)))
    };
    Chart {
        title: format!("{} on rows held out", report.loss),
        curves: vec![Series {
            name: report.loss.to_owned(),
            points: judged().map(|(lambda, mean, _)| (lambda, mean)).collect(),
            errors: judged().map(|(.., error)| error.unwrap_or(0.0)).collect(),
        }],
    }
}

/// Curves of the coefficients, those that are largest at the chosen penalty first.
fn coefficients(trial: &TrialReport, outline: &Outline, chosen: usize) -> Chart {
    let at_best = outline.coefficients.get(chosen);
    let mut order: Vec<usize> = (0..outline.names.len()).collect();
    if let Some(at_best) = at_best {
        order.sort_by(|&a, &b| at_best[b].abs().total_cmp(&at_best[a].abs()));
    }
    let curve = |column: usize| Series {
        name: outline.names[column].clone(),
        points: (trial.scores.iter().zip(&outline.coefficients))
            .map(|(score, coefficients)| (score.lambda, coefficients[column]))
            .collect(),
        errors: Vec::new(),
    };
    Chart {
        title: format!(
            "{} coefficients on all rows, per standard deviation",
            count(outline.names.len())
        ),
        curves: order.into_iter().map(curve).collect(),
    }
}

//! Every loss curve as a picture, and as a page with the figures.

use std::fmt::Write as _;

use evaluate::picture::{Curve, CurvePanel, CurvePlot, Tone};
use solver::stochastic::Verdict;
use solver::stochastic::verdict::ARRIVED;
use terminal::number::{count, significant};

use super::text::{advice, title, verdict};
use crate::rates::RatesReport;
use crate::rates::report::{Promise, Run, Sweep};

/// The picture.
pub(super) fn draw(report: &RatesReport) -> String {
    let theory = &report.theory;
    let limit = theory.limit_at_optimum.map_or_else(String::new, |limit| {
        format!(
            ", and above {} it cannot settle at the optimum",
            significant(limit, 3)
        )
    });
    CurvePlot {
        title: format!(
            "{}: distance from the optimum's objective, {} rows × {} columns",
            report.table.name,
            count(report.rows),
            count(report.columns)
        ),
        caption: vec![format!(
            "Below {} descent on all rows never increases the objective{limit}.",
            significant(theory.safe_rate, 3)
        )],
        panels: report
            .sweeps
            .iter()
            .map(|sweep| panel(sweep, report))
            .collect(),
    }
    .to_svg()
}

fn panel(sweep: &Sweep, report: &RatesReport) -> CurvePanel {
    let what = if sweep.full_batch { "steps" } else { "epochs" };
    let way = report.start - report.optimum.objective;
    CurvePanel {
        title: title(sweep),
        steps: what.to_owned(),
        curves: sweep.runs.iter().map(curve).collect(),
        reference: (way > 0.0).then(|| (ARRIVED * way, "arrived: a thousandth is left".to_owned())),
    }
}

fn curve(run: &Run) -> Curve {
    let (tone, word) = match run.verdict {
        Verdict::Good { .. } => (Tone::Good, "good"),
        Verdict::TooSlow { .. } => (Tone::Weak, "too slow"),
        Verdict::Diverges => (Tone::Wild, "diverges"),
        _ => (Tone::Strong, "oscillates"),
    };
    Curve {
        name: format!("{} {word}", significant(run.rate, 2)),
        values: (run.distances.iter())
            .map(|distance| distance.unwrap_or(f64::INFINITY))
            .collect(),
        tone,
    }
}

const STYLE: &str = "body{font:15px system-ui,-apple-system,'Segoe UI',sans-serif;max-width:1080px;\
margin:24px auto;padding:0 16px;color:#1f2328;background:#fff}h2{font-size:17px;margin:28px 0 8px}\
table{border-collapse:collapse}td,th{padding:3px 14px 3px 0;text-align:left;font-weight:400;\
border-bottom:1px solid #d8dee4}th{color:#59636e}td:first-child{font-variant-numeric:tabular-nums}\
tr.take td{font-weight:600}code{background:#f6f8fa;padding:2px 6px}\
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#30363d}\
th{color:#9198a1}code{background:#161b22}}";

/// A page: the picture, then the figures. It needs nothing else, and no script.
pub(super) fn page(report: &RatesReport) -> String {
    let mut page = String::new();
    let name = escaped(&report.table.name);
    let _ = writeln!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Learning rates: \
         {name}</title>\n<style>{STYLE}</style>\n{}",
        draw(report)
    );
    for sweep in &report.sweeps {
        let _ = writeln!(
            page,
            "<h2>{}</h2>\n<table>\n<tr><th>rate<th>run<th>theory",
            escaped(&title(sweep))
        );
        for run in &sweep.runs {
            let class = if sweep.recommended == Some(run.rate) {
                " class=\"take\""
            } else {
                ""
            };
            let _ = writeln!(
                page,
                "<tr{class}><td>{}<td>{}<td>{}",
                significant(run.rate, 3),
                escaped(&verdict(run, sweep)),
                run.theory.map_or("", Promise::name)
            );
        }
        let _ = writeln!(
            page,
            "</table>\n<p>Take <code>{}</code></p>",
            escaped(&advice(sweep))
        );
    }
    page.push_str("</html>\n");
    page
}

/// Text as HTML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

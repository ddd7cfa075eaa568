//! Several curves over the same steps, on a logarithmic axis, one panel for each group.

use super::canvas::{Anchor, Canvas};
use super::scale::LogScale;

/// Groups of curves side by side, two in a row.
///
/// # Examples
/// ```
/// use evaluate::picture::{Curve, CurvePanel, CurvePlot, Tone};
///
/// let plot = CurvePlot {
///     title: "Descent".to_owned(),
///     caption: vec!["from one".to_owned()],
///     panels: vec![CurvePanel {
///         title: "halves".to_owned(),
///         steps: "steps".to_owned(),
///         curves: vec![Curve {
///             name: "0.5".to_owned(),
///             values: vec![1.0, 0.5, 0.25],
///             tone: Tone::Good,
///         }],
///         reference: Some((0.3, "near enough".to_owned())),
///     }],
/// };
/// let svg = plot.to_svg();
/// assert!(svg.contains("<polyline") && svg.contains("near enough"));
/// ```
#[derive(Debug, Clone)]
pub struct CurvePlot {
    /// What is shown.
    pub title: String,
    /// Lines of text under the title.
    pub caption: Vec<String>,
    /// The groups.
    pub panels: Vec<CurvePanel>,
}

/// A group of curves.
#[derive(Debug, Clone)]
pub struct CurvePanel {
    /// What they have in common.
    pub title: String,
    /// What is counted along the horizontal axis.
    pub steps: String,
    /// The curves, in the order of their names at the right.
    pub curves: Vec<Curve>,
    /// A value to compare with, and its name.
    pub reference: Option<(f64, String)>,
}

/// One curve.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Its values, step after step from the first; it ends where one is not a number, and rests on the lower
    /// edge where one is not above zero.
    pub values: Vec<f64>,
    /// What it is an example of.
    pub tone: Tone,
}

/// What a curve is an example of, which gives it its colour and its dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tone {
    /// As it should be.
    Good,
    /// Too little.
    Weak,
    /// A little too much.
    Strong,
    /// Far too much.
    Wild,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Weak => "weak",
            Self::Strong => "strong",
            Self::Wild => "wild",
        }
    }
}

/// Pixels.
const MARGIN: f64 = 24.0;
const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 230.0;
/// Left of a panel, for its ticks, and right of it, for the names.
const TICKS: f64 = 52.0;
const NAMES: f64 = 128.0;
const HEAD: f64 = 44.0;
const FOOT: f64 = 52.0;
/// Between two names.
const LINE: f64 = 15.0;
/// Names that fit beside a panel.
const FIT: usize = 16;
/// Panels in a row.
const COLUMNS: usize = 2;
/// Decades below the largest value beyond which curves rest on the lower edge.
const DECADES: f64 = 1e10;
/// And above the first value, beyond which they leave at the top.
const ABOVE: f64 = 1e3;

impl CurvePlot {
    /// The picture.
    pub fn to_svg(&self) -> String {
        let columns = COLUMNS.min(self.panels.len().max(1));
        let rows = self.panels.len().div_ceil(columns);
        let top = MARGIN + 24.0 + 18.0 * self.caption.len() as f64;
        let (across, down) = (TICKS + WIDTH + NAMES, HEAD + HEIGHT + FOOT);
        let width = 2.0 * MARGIN + columns as f64 * across;
        let height = top + rows as f64 * down + MARGIN;
        let mut canvas = Canvas::new(width, height, &self.title);
        canvas.text("title", MARGIN, MARGIN + 12.0, Anchor::Start, &self.title);
        for (at, line) in self.caption.iter().enumerate() {
            let y = MARGIN + 34.0 + 18.0 * at as f64;
            canvas.text("faint", MARGIN, y, Anchor::Start, line);
        }
        for (at, panel) in self.panels.iter().enumerate() {
            let left = MARGIN + (at % columns) as f64 * across + TICKS;
            panel.draw(&mut canvas, left, top + (at / columns) as f64 * down + HEAD);
        }
        canvas.finish()
    }
}

impl CurvePanel {
    fn draw(&self, canvas: &mut Canvas, left: f64, top: f64) {
        let (right, bottom) = (left + WIDTH, top + HEIGHT);
        let first = |curve: &Curve| curve.values.first().copied();
        let start = self.curves.iter().filter_map(first).fold(0.0, f64::max);
        let limits = (start / DECADES, start * ABOVE);
        let values = self.curves.iter().flat_map(|curve| curve.values.iter());
        let shown = values
            .copied()
            .filter(|value| *value > limits.0)
            .map(|value| value.min(limits.1));
        let references = self.reference.iter().map(|(value, _)| *value);
        let scale = LogScale::new(shown.chain(references), bottom, top);
        canvas.text("heading", left, top - 14.0, Anchor::Start, &self.title);
        for tick in scale.ticks() {
            let y = scale.place(tick);
            canvas.line("grid", (left, y), (right, y));
            canvas.text("faint", left - 8.0, y + 4.0, Anchor::End, &power(tick));
        }
        if let Some((value, name)) = &self.reference {
            let y = scale.place(*value);
            canvas.line("reference", (left, y), (right, y));
            canvas.text("note", left + 6.0, y - 5.0, Anchor::Start, name);
        }
        let most = (self.curves.iter()).map(|curve| curve.values.len().saturating_sub(1));
        let last = most.max().unwrap_or(0).max(1);
        for step in [0, last / 2, last] {
            let x = left + WIDTH * step as f64 / last as f64;
            canvas.text("faint", x, bottom + 18.0, Anchor::Middle, &step.to_string());
        }
        let middle = 0.5 * (left + right);
        canvas.text("faint", middle, bottom + 36.0, Anchor::Middle, &self.steps);
        let place = |step: usize, value: f64| {
            let y = if value > limits.0 {
                scale.place(value).clamp(top, bottom)
            } else {
                bottom
            };
            (left + WIDTH * step as f64 / last as f64, y)
        };
        let mut ends = Vec::new();
        for curve in &self.curves {
            let finite = curve.values.iter().take_while(|value| value.is_finite());
            let mut points: Vec<(f64, f64)> = finite
                .enumerate()
                .map(|(step, value)| place(step, *value))
                .collect();
            if points.len() < curve.values.len() {
                // what is no number any more leaves at the top
                let x = points.last().map_or(left, |(x, _)| *x);
                points.push((x, top));
            }
            let class = format!("curve {}", curve.tone.class());
            canvas.curve(&class, &points, &curve.name);
            ends.push(points.last().map_or(bottom, |(_, y)| *y));
        }
        let room = self.curves.len().min(FIT);
        let heights = apart(&ends[..room], top + 4.0, bottom);
        for (curve, y) in self.curves.iter().zip(heights) {
            let class = format!("name {}", curve.tone.class());
            canvas.text(&class, right + 8.0, y + 4.0, Anchor::Start, &curve.name);
        }
    }
}

/// Heights near the wanted ones, a line apart, between two edges.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
    let mut heights = wanted.to_vec();
    let mut above = top - LINE;
    for &at in &order {
        heights[at] = heights[at].max(above + LINE);
        above = heights[at];
    }
    let mut below = bottom + LINE;
    for &at in order.iter().rev() {
        heights[at] = heights[at].min(below - LINE);
        below = heights[at];
    }
    heights
}

/// A power of ten.
fn power(tick: f64) -> String {
    let exponent = tick.log10().round() as i32;
    if (-2..=3).contains(&exponent) {
        format!("{tick}")
    } else {
        format!("1e{exponent}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(name: &str, values: &[f64], tone: Tone) -> Curve {
        Curve {
            name: name.to_owned(),
            values: values.to_vec(),
            tone,
        }
    }

    #[test]
    fn every_curve_is_drawn_and_named_once() {
        let plot = CurvePlot {
            title: "a & b".to_owned(),
            caption: Vec::new(),
            panels: vec![
                CurvePanel {
                    title: "one".to_owned(),
                    steps: "steps".to_owned(),
                    curves: vec![
                        curve("down", &[1.0, 0.1, 0.0], Tone::Good),
                        curve("away", &[1.0, 1e300, f64::INFINITY, 5.0], Tone::Wild),
                    ],
                    reference: Some((1e-3, "near".to_owned())),
                },
                CurvePanel {
                    title: "none".to_owned(),
                    steps: "steps".to_owned(),
                    curves: Vec::new(),
                    reference: None,
                },
            ],
        };
        let svg = plot.to_svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
        for text in ["a &amp; b", ">down<", ">away<", ">near<", ">1e-3<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert_eq!(svg, plot.to_svg(), "the same numbers, the same bytes");
    }

    #[test]
    fn names_stand_a_line_apart_and_inside() {
        let heights = apart(&[100.0, 100.0, 98.0, 10.0], 0.0, 100.0);
        let mut sorted = heights.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= LINE));
        assert!(sorted[0] >= 0.0 && sorted[3] <= 100.0);
        assert!((heights[3] - 10.0).abs() < 1e-12);
    }
}

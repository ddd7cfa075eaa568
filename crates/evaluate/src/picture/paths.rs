//! Curves along a logarithmic axis that they share.

use super::canvas::{Anchor, Canvas};
use super::scale::{LinearScale, LogScale};

/// Charts above each other, over one logarithmic axis that falls to the right: a penalty, say.
///
/// # Examples
/// ```
/// use evaluate::picture::{Chart, PathPlot, Series};
///
/// let plot = PathPlot {
///     title: "Lasso".to_owned(),
///     caption: vec!["of two columns".to_owned()],
///     axis: "penalty".to_owned(),
///     ticks: |penalty| penalty.to_string(),
///     marks: vec![(0.1, "min".to_owned())],
///     charts: vec![Chart {
///         title: "coefficients".to_owned(),
///         curves: vec![Series {
///             name: "age".to_owned(),
///             points: vec![(1.0, 0.0), (0.1, 0.9), (0.01, 1.0)],
///             errors: Vec::new(),
///         }],
///     }],
/// };
/// let svg = plot.to_svg();
/// assert!(svg.starts_with("<svg") && svg.contains("age"));
/// ```
#[derive(Debug, Clone)]
pub struct PathPlot {
    /// What is drawn.
    pub title: String,
    /// Lines of text under the title.
    pub caption: Vec<String>,
    /// The axis and its unit.
    pub axis: String,
    /// How a tick of the axis is written.
    pub ticks: fn(f64) -> String,
    /// Places on the axis to point out.
    pub marks: Vec<(f64, String)>,
    /// From top to bottom.
    pub charts: Vec<Chart>,
}

/// Curves over the axis, on a linear scale of their own.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What is measured.
    pub title: String,
    /// The first eight have a colour and a name each; the others are grey.
    pub curves: Vec<Series>,
}

/// A curve, or dots with error bars.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Place on the axis, above 0, and value.
    pub points: Vec<(f64, f64)>,
    /// Half the length of each point's bar; none for a plain curve.
    pub errors: Vec<f64>,
}

/// Pixels.
const MARGIN: f64 = 24.0;
const LEFT: f64 = 84.0;
const WIDTH: f64 = 660.0;
const NAMES: f64 = 220.0;
const HEIGHT: f64 = 280.0;
const GAP: f64 = 56.0;
const DOT: f64 = 2.8;
const LINE: f64 = 15.0;

/// Curves with a colour.
const COLOURS: usize = 8;
/// Characters of a curve's name.
const NAME: usize = 28;

impl PathPlot {
    /// The picture.
    pub fn to_svg(&self) -> String {
        let head = MARGIN + 24.0 + 18.0 * self.caption.len() as f64 + 40.0;
        let charts = self.charts.len() as f64;
        let bottom = head + charts * HEIGHT + (charts - 1.0).max(0.0) * GAP;
        let mut canvas = Canvas::new(LEFT + WIDTH + NAMES, bottom + 44.0 + MARGIN, &self.title);
        canvas.text("title", MARGIN, MARGIN + 12.0, Anchor::Start, &self.title);
        for (at, line) in self.caption.iter().enumerate() {
            let y = MARGIN + 34.0 + 18.0 * at as f64;
            canvas.text("faint", MARGIN, y, Anchor::Start, line);
        }
        let places = self.charts.iter().flat_map(|chart| &chart.curves);
        let places = places.flat_map(|curve| curve.points.iter().map(|point| point.0));
        let scale = LogScale::tight(places, LEFT + WIDTH, LEFT);
        for (at, chart) in self.charts.iter().enumerate() {
            let top = head + at as f64 * (HEIGHT + GAP);
            self.draw(&mut canvas, chart, &scale, top, at == 0);
        }
        canvas.text(
            "faint",
            LEFT + 0.5 * WIDTH,
            bottom + 40.0,
            Anchor::Middle,
            &self.axis,
        );
        canvas.finish()
    }

    fn draw(&self, canvas: &mut Canvas, chart: &Chart, x: &LogScale, top: f64, named: bool) {
        let bottom = top + HEIGHT;
        let values = chart.curves.iter().flat_map(|curve| {
            let ends = curve.points.iter().enumerate().map(|(at, &(_, value))| {
                let error = curve.errors.get(at).copied().unwrap_or(0.0);
                [value - error, value + error]
            });
            ends.flatten()
        });
        let y = LinearScale::new(values, bottom, top);
        canvas.text("heading", MARGIN, top - 12.0, Anchor::Start, &chart.title);
        for (value, words) in y.ticks() {
            let at = y.place(value);
            canvas.line("grid", (LEFT, at), (LEFT + WIDTH, at));
            canvas.text("faint", LEFT - 8.0, at + 4.0, Anchor::End, &words);
        }
        for tick in x.ticks() {
            let at = x.place(tick);
            canvas.line("grid", (at, top), (at, bottom));
            canvas.text(
                "faint",
                at,
                bottom + 18.0,
                Anchor::Middle,
                &(self.ticks)(tick),
            );
        }
        canvas.line("frame", (LEFT, bottom), (LEFT + WIDTH, bottom));
        for (rank, (place, words)) in self.marks.iter().enumerate() {
            let at = x.place(*place);
            canvas.line("reference", (at, top), (at, bottom));
            if named {
                // Two marks that are near each other have their names on both sides.
                let last = rank + 1 == self.marks.len() && rank > 0;
                let (anchor, shift) = if last {
                    (Anchor::Start, 4.0)
                } else {
                    (Anchor::End, -4.0)
                };
                canvas.text("note", at + shift, top + 12.0, anchor, words);
            }
        }
        // The first curve is drawn last, above the others.
        for (rank, curve) in chart.curves.iter().enumerate().rev() {
            curve.draw(canvas, rank, x, &y);
        }
        if chart.curves.len() > 1 {
            names(canvas, chart, &y, top, bottom);
        }
    }
}

impl Series {
    fn draw(&self, canvas: &mut Canvas, rank: usize, x: &LogScale, y: &LinearScale) {
        let places: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|(at, value)| *at > 0.0 && at.is_finite() && value.is_finite())
            .map(|&(at, value)| (x.place(at), y.place(value)))
            .collect();
        let class = if rank < COLOURS {
            format!("curve c{rank}")
        } else {
            "curve rest".to_owned()
        };
        canvas.curve(&class, &places, &self.name);
        for ((at, value), error) in self.points.iter().zip(&self.errors) {
            let place = x.place(*at);
            canvas.line(
                "bar",
                (place, y.place(value - error)),
                (place, y.place(value + error)),
            );
            let words = format!("{}: {value:.5} ± {error:.5}", self.name);
            canvas.dot(place, y.place(*value), DOT, &words);
        }
    }
}

/// Names beside the right ends of the coloured curves, moved apart where they would meet.
fn names(canvas: &mut Canvas, chart: &Chart, y: &LinearScale, top: f64, bottom: f64) {
    let mut ends: Vec<(usize, f64)> = (chart.curves.iter().take(COLOURS).enumerate())
        .filter_map(|(rank, curve)| Some((rank, y.place(curve.points.last()?.1))))
        .filter(|(_, at)| at.is_finite())
        .collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut labels: Vec<f64> = ends.iter().map(|end| end.1).collect();
    // Down until none meets the one above, then up from the bottom.
    for at in 0..labels.len() {
        let least = if at == 0 { top } else { labels[at - 1] + LINE };
        labels[at] = labels[at].max(least);
    }
    for at in (0..labels.len()).rev() {
        let most = if at + 1 == labels.len() {
            bottom
        } else {
            labels[at + 1] - LINE
        };
        labels[at] = labels[at].min(most);
    }
    for ((rank, end), label) in ends.iter().zip(labels) {
        let right = LEFT + WIDTH;
        canvas.curve(
            &format!("curve c{rank}"),
            &[(right + 2.0, *end), (right + 14.0, label)],
            &chart.curves[*rank].name,
        );
        canvas.text(
            "faint",
            right + 18.0,
            label + 4.0,
            Anchor::Start,
            &shortened(&chart.curves[*rank].name),
        );
    }
    let rest = chart.curves.len().saturating_sub(COLOURS);
    if rest > 0 {
        let words = format!("{rest} more in grey");
        canvas.text(
            "faint",
            LEFT + WIDTH + 18.0,
            top - 12.0,
            Anchor::Start,
            &words,
        );
    }
}

/// The beginning of a name that is too long for its place.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let start: String = name.chars().take(NAME - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(curves: usize) -> PathPlot {
        let curve = |at: usize| Series {
            name: format!("column <{at}>"),
            points: vec![(1.0, 0.0), (0.1, at as f64), (0.01, 1.0 + at as f64)],
            errors: if at == 0 {
                vec![0.1, 0.2, 0.3]
            } else {
                Vec::new()
            },
        };
        PathPlot {
            title: "a".to_owned(),
            caption: Vec::new(),
            axis: "penalty".to_owned(),
            ticks: |tick| tick.to_string(),
            marks: vec![(0.1, "min".to_owned()), (1.0, "1se".to_owned())],
            charts: vec![Chart {
                title: "coefficients".to_owned(),
                curves: (0..curves).map(curve).collect(),
            }],
        }
    }

    #[test]
    fn curves_dots_bars_and_marks_are_there_and_named() {
        let svg = plot(10).to_svg();
        // ten curves, and eight short ones to their names
        assert_eq!(svg.matches("<polyline").count(), 18);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert_eq!(svg.matches("class=\"bar\"").count(), 3);
        for text in [
            "column &lt;0&gt;",
            ">2 more in grey<",
            ">min<",
            ">1se<",
            ">penalty<",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!svg.contains(">column &lt;8&gt;</text>"));
        assert_eq!(svg, plot(10).to_svg(), "the same numbers, the same bytes");
    }

    #[test]
    fn the_largest_penalty_is_on_the_left() {
        let svg = plot(1).to_svg();
        let points = svg.split("points=\"").nth(1).unwrap();
        let first: f64 = points.split(',').next().unwrap().parse().unwrap();
        assert!((first - LEFT).abs() < 0.1, "{points}");
    }
}

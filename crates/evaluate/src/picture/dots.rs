//! Lines of a table as dots on logarithmic axes, one panel for each measure.

use super::canvas::{Anchor, Canvas};
use super::scale::LogScale;

/// Lines that are compared by several measures, side by side.
///
/// # Examples
/// ```
/// use evaluate::picture::{DotPlot, Panel};
///
/// let plot = DotPlot {
///     title: "Sorting".to_owned(),
///     caption: vec!["a million numbers".to_owned()],
///     rows: vec!["quick".to_owned(), "bubble".to_owned()],
///     panels: vec![Panel {
///         title: "seconds".to_owned(),
///         values: vec![Some(0.08), Some(2000.0)],
///         labels: vec!["80 ms".to_owned(), "33 min".to_owned()],
///         ticks: |seconds| format!("{seconds} s"),
///         reference: None,
///     }],
/// };
/// let svg = plot.to_svg();
/// assert!(svg.starts_with("<svg") && svg.contains("33 min"));
/// ```
#[derive(Debug, Clone)]
pub struct DotPlot {
    /// What is compared.
    pub title: String,
    /// Lines of text under the title, as wide as the reader wants them.
    pub caption: Vec<String>,
    /// Names of the lines, from top to bottom.
    pub rows: Vec<String>,
    /// The measures, from left to right.
    pub panels: Vec<Panel>,
}

/// One measure of all lines.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The measure and its unit.
    pub title: String,
    /// Its value for each row; none where there is none. Zero has no place on a logarithmic axis: its
    /// label stands at the left edge.
    pub values: Vec<Option<f64>>,
    /// What is written beside each dot, or in its place.
    pub labels: Vec<String>,
    /// How a tick of the axis is written.
    pub ticks: fn(f64) -> String,
    /// A value to compare with, and its name.
    pub reference: Option<(f64, String)>,
}

/// Pixels.
const MARGIN: f64 = 24.0;
const ROW: f64 = 28.0;
const PANEL: f64 = 250.0;
const GAP: f64 = 36.0;
const DOT: f64 = 5.0;
/// A character of the labels, about.
const CHARACTER: f64 = 7.2;

impl DotPlot {
    /// The picture.
    pub fn to_svg(&self) -> String {
        let longest = self.rows.iter().map(|row| row.chars().count()).max();
        let names = longest.unwrap_or(0) as f64 * CHARACTER + 16.0;
        let count = self.panels.len() as f64;
        let width = 2.0 * MARGIN + names + count * (PANEL + GAP);
        let head = MARGIN + 24.0 + 18.0 * self.caption.len() as f64;
        let top = head + 48.0;
        let bottom = top + ROW * self.rows.len() as f64;
        let mut canvas = Canvas::new(width, bottom + 34.0 + MARGIN, &self.title);
        canvas.text("title", MARGIN, MARGIN + 12.0, Anchor::Start, &self.title);
        for (at, line) in self.caption.iter().enumerate() {
            let y = MARGIN + 34.0 + 18.0 * at as f64;
            canvas.text("faint", MARGIN, y, Anchor::Start, line);
        }
        for (at, row) in self.rows.iter().enumerate() {
            let y = top + ROW * (at as f64 + 0.5) + 4.5;
            canvas.text("", MARGIN, y, Anchor::Start, row);
        }
        for (at, panel) in self.panels.iter().enumerate() {
            let left = MARGIN + names + at as f64 * (PANEL + GAP);
            panel.draw(&mut canvas, &self.rows, left, top, bottom);
        }
        canvas.finish()
    }
}

impl Panel {
    fn draw(&self, canvas: &mut Canvas, rows: &[String], left: f64, top: f64, bottom: f64) {
        let right = left + PANEL;
        let references = self.reference.iter().map(|(value, _)| *value);
        let values = self.values.iter().flatten().copied().chain(references);
        let scale = LogScale::new(values, left, right);
        canvas.text("heading", left, top - 30.0, Anchor::Start, &self.title);
        for tick in scale.ticks() {
            let x = scale.place(tick);
            canvas.line("grid", (x, top), (x, bottom));
            let words = (self.ticks)(tick);
            canvas.text("faint", x, bottom + 18.0, Anchor::Middle, &words);
        }
        if let Some((value, name)) = &self.reference {
            let x = scale.place(*value);
            canvas.line("reference", (x, top - 6.0), (x, bottom));
            let anchor = if x > 0.5 * (left + right) {
                Anchor::End
            } else {
                Anchor::Start
            };
            canvas.text("note", x, top - 10.0, anchor, name);
        }
        for (at, row) in rows.iter().enumerate() {
            let y = top + ROW * (at as f64 + 0.5);
            canvas.line("guide", (left, y), (right, y));
            let label = self.labels.get(at).map_or("", String::as_str);
            let drawn = self.values.get(at).copied().flatten();
            match drawn.filter(|value| value.is_finite() && *value > 0.0) {
                Some(value) => {
                    let x = scale.place(value);
                    canvas.dot(x, y, DOT, &format!("{row}: {label}"));
                    let room = label.chars().count() as f64 * CHARACTER + 12.0;
                    if x + room > right {
                        canvas.text("faint", x - 10.0, y + 4.0, Anchor::End, label);
                    } else {
                        canvas.text("faint", x + 10.0, y + 4.0, Anchor::Start, label);
                    }
                }
                None => canvas.text("faint", left + 4.0, y + 4.0, Anchor::Start, label),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> DotPlot {
        DotPlot {
            title: "a & b".to_owned(),
            caption: Vec::new(),
            rows: vec!["one".to_owned(), "two".to_owned(), "three".to_owned()],
            panels: vec![Panel {
                title: "seconds".to_owned(),
                values: vec![Some(0.01), None, Some(0.0)],
                labels: vec!["10 ms".to_owned(), "no adapter".to_owned(), "0".to_owned()],
                ticks: |tick| tick.to_string(),
                reference: Some((0.1, "one read".to_owned())),
            }],
        }
    }

    #[test]
    fn every_value_has_a_dot_and_every_line_its_label() {
        let svg = plot().to_svg();
        assert_eq!(svg.matches("<circle").count(), 1);
        for text in [
            "a &amp; b",
            ">10 ms<",
            ">no adapter<",
            ">0<",
            ">one read<",
            "one: 10 ms",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert_eq!(svg, plot().to_svg(), "the same numbers, the same bytes");
    }
}

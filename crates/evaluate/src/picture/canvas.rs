//! What pictures are drawn on: SVG elements, with text that cannot break out of them.

use std::fmt::Write as _;

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// The colours of both themes, and what the classes of elements look like.
const STYLE: &str = "\
svg{max-width:100%;height:auto;background:#fff;color:#1f2328}\
text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:currentColor}\
.title{font-size:16px;font-weight:600}\
.heading{font-weight:600}\
.faint{fill:#59636e;font-size:12px}\
.grid{stroke:#d8dee4}\
.guide{stroke:#d8dee4;stroke-dasharray:1 3}\
.reference{stroke:#bc4c00;stroke-dasharray:4 3}\
.note{fill:#bc4c00;font-size:12px}\
.dot{fill:#0969da}\
.frame{stroke:#59636e}\
.bar{stroke:#0969da;stroke-opacity:.45}\
.curve{fill:none;stroke-width:1.6}\
.c0{stroke:#0969da}.c1{stroke:#cf222e}.c2{stroke:#1a7f37}.c3{stroke:#8250df}\
.c4{stroke:#bc4c00}.c5{stroke:#1b7c83}.c6{stroke:#bf3989}.c7{stroke:#7d6608}\
.rest{stroke:#afb8c1;stroke-width:1}\
.name{font-size:12px}\
polyline.weak{stroke:#0969da;stroke-dasharray:5 3}text.weak{fill:#0969da}\
polyline.good{stroke:#1a7f37;stroke-width:2.2}text.good{fill:#1a7f37}\
polyline.strong{stroke:#9a6700}text.strong{fill:#9a6700}\
polyline.wild{stroke:#cf222e;stroke-dasharray:2 2}text.wild{fill:#cf222e}\
@media(prefers-color-scheme:dark){svg{max-width:100%;height:auto;background:#0d1117;color:#e6edf3}.faint{fill:#9198a1}\
.grid,.guide{stroke:#30363d}.dot{fill:#4493f8}.reference{stroke:#f0883e}.note{fill:#f0883e}.frame{stroke:#9198a1}.bar{stroke:#4493f8}\
.c0{stroke:#4493f8}.c1{stroke:#ff7b72}.c2{stroke:#3fb950}.c3{stroke:#ab7df8}\
.c4{stroke:#f0883e}.c5{stroke:#39c5cf}.c6{stroke:#f778ba}.c7{stroke:#d4a72c}.rest{stroke:#484f58}\
polyline.weak{stroke:#4493f8}text.weak{fill:#4493f8}polyline.good{stroke:#3fb950}text.good{fill:#3fb950}\
polyline.strong{stroke:#d29922}text.strong{fill:#d29922}polyline.wild{stroke:#f85149}text.wild{fill:#f85149}}";

/// An SVG picture in the making. Lengths are in pixels, from the top left corner.
#[derive(Debug)]
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    /// An empty picture with a name for those who do not see it.
    pub(super) fn new(width: f64, height: f64, name: &str) -> Self {
        let mut body = String::new();
        let _ = writeln!(
            body,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n\
             <style>{STYLE}</style>",
            escaped(name)
        );
        Self { body }
    }

    pub(super) fn text(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{}\">{}</text>",
            anchor.name(),
            escaped(text)
        );
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    /// A line through all points, that says what it stands for under the pointer.
    pub(super) fn curve(&mut self, class: &str, points: &[(f64, f64)], name: &str) {
        let places: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            self.body,
            "<polyline class=\"{class}\" points=\"{}\"><title>{}</title></polyline>",
            places.join(" "),
            escaped(name)
        );
    }

    /// A dot that says what it stands for under the pointer.
    pub(super) fn dot(&mut self, x: f64, y: f64, radius: f64, name: &str) {
        let _ = writeln!(
            self.body,
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{}</title></circle>",
            escaped(name)
        );
    }

    /// The whole picture.
    pub(super) fn finish(mut self) -> String {
        self.body.push_str("</svg>\n");
        self.body
    }
}

/// Text as XML has it; control characters, which XML has not, become blanks.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_element() {
        let mut canvas = Canvas::new(10.0, 10.0, "a < b & c");
        canvas.text("", 1.0, 2.0, Anchor::Start, "</text><script>\u{1}\"");
        let svg = canvas.finish();
        assert!(svg.contains("<title>a &lt; b &amp; c</title>"));
        assert!(svg.contains(">&lt;/text&gt;&lt;script&gt; &quot;</text>"));
        assert!(svg.ends_with("</svg>\n"));
    }
}

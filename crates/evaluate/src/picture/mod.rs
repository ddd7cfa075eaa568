//! Pictures of results as SVG, for a browser, a README or a report.
//!
//! - [`CurvePlot`]: curves over the same steps, on a logarithmic axis
//! - [`DotPlot`]: one dot for each line and measure, on logarithmic axes
//! - [`PathPlot`]: curves along a logarithmic axis, one chart above the other, with error bars
//!
//! A picture is drawn from plain numbers, is the same to the byte for the same numbers, needs no font file
//! and no script, and follows the reader's light or dark theme. A new kind of picture is a file here
//! that draws on a `Canvas` with a `Scale`.

mod canvas;
mod curves;
mod dots;
mod paths;
mod scale;

pub use curves::{Curve, CurvePanel, CurvePlot, Tone};
pub use dots::{DotPlot, Panel};
pub use paths::{Chart, PathPlot, Series};

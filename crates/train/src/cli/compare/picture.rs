//! A comparison as a picture.

use crate::compare::CompareReport;

pub(super) fn draw(report: &CompareReport) -> String {
    report.explanation.clone()
}

//! Fits under an L1 penalty, whose zeros are exact.

use std::time::Instant;

use dataset::PreparedRows;
use solver::{HostObjective, Objective, Record, Solution, coordinate_observed};

use super::{Setting, ended, first_stop, joined};
use crate::error::FitError;
use crate::fit::Event;
use crate::plan::Plan;

impl Setting<'_> {
    /// Coordinate descent on the rows as they were asked for, then on the `f64` rows.
    pub(super) fn by_coordinates(
        &self,
        exact: &HostObjective<'_, f64>,
        part: &PreparedRows,
        plan: &Plan,
        started: Instant,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Solution, FitError> {
        let mut observe = |record: &Record| observe(Event::Iteration(*record));
        let start = vec![0.0; exact.dimension()];
        let stop = self.stop(plan, 0, started);
        if !self.rounded() {
            return Ok(coordinate_observed(exact, &start, &stop, &mut observe)?);
        }
        let design = self.prepared.rounded()?;
        let rounded = HostObjective::new(self.problem(&*design, part))?;
        let loose = first_stop(&rounded, &stop)?;
        let first = coordinate_observed(&rounded, &start, &loose, &mut observe)?;
        let stop = self.stop(plan, first.iterations(), started);
        if ended(&first, &stop) {
            return Ok(first);
        }
        let solution = coordinate_observed(exact, &first.theta, &stop, &mut observe)?;
        Ok(joined(first, solution))
    }
}

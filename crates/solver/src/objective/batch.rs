//! Loss and gradient of some of the rows: what a step of a stochastic method needs.

use dataset::Element;

use super::{HostObjective, ObjectiveError, Wanted};

impl<T: Element> HostObjective<'_, T> {
    /// Loss and gradient of a batch of rows, without the penalty: `Σ wᵢℓᵢ / (m·w̄)` over its `m` rows,
    /// with `w̄` the mean weight of all rows, so that the mean over batches of one size is the mean loss
    /// of the objective.
    ///
    /// Rows are gathered a block at a time, so that a batch costs no copy of itself; sums are made as for
    /// all rows, with the same bits for any number of threads. A batch of as many rows as there are is
    /// all of them, in the table's order.
    ///
    /// # Shapes
    /// - `theta`, `gradient`: `[dimension]`; `batch`: rows of the design matrix, in any order
    ///
    /// # Errors
    /// [`ObjectiveError::Length`] for a `theta` of another length, [`ObjectiveError::Rows`] where their
    /// source fails.
    ///
    /// # Panics
    /// When a row of the batch is not a row of the design matrix.
    ///
    /// # Examples
    /// The second row alone, at zero: `½ - 1` times its cells and its intercept.
    /// ```
    /// use dataset::DesignMatrix;
    /// use solver::{HostObjective, Problem, TargetValues};
    ///
    /// let design = DesignMatrix::new(2, 1, vec![0.0, 3.0])?;
    /// let objective = HostObjective::new(Problem::new(&design, TargetValues::Binary(&[0.0, 1.0])))?;
    /// let mut gradient = [0.0; 2];
    /// let loss = objective.batch(&[0.0, 0.0], &[1], &mut gradient)?;
    /// assert_eq!(loss, 2.0_f64.ln());
    /// assert_eq!(gradient, [-1.5, -0.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batch(
        &self,
        theta: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, ObjectiveError> {
        self.layout().check("parameters", theta)?;
        self.layout().check("gradient", gradient)?;
        let (all, own);
        let sums = if batch.len() == self.problem().design.rows() {
            all = self.sums(theta, Wanted::Gradient)?;
            &all
        } else {
            own = self.only(batch).sums(theta, Wanted::Gradient)?;
            &own
        };
        let rows = self.problem().design.rows() as f64;
        let divisor = batch.len() as f64 * (self.total_weight() / rows);
        for (slope, sum) in gradient.iter_mut().zip(&sums.gradient) {
            *slope = sum / divisor;
        }
        Ok(sums.loss / divisor)
    }
}

#[cfg(test)]
mod tests {
    use dataset::DesignMatrix;

    use crate::{HostObjective, Objective, Penalty, Problem, TargetValues};

    const ROWS: usize = 211;

    fn design() -> DesignMatrix<f32> {
        let cells = (0..ROWS * 5).map(|i| (0.37 * i as f32).sin()).collect();
        DesignMatrix::new(ROWS, 5, cells).unwrap()
    }

    fn offsets(outputs: usize) -> Vec<f64> {
        (0..ROWS * outputs)
            .map(|i| 0.1 * (i as f64).cos())
            .collect()
    }

    /// Weights from 0 to 2.
    fn weights() -> Vec<f64> {
        (0..ROWS).map(|i| (i % 3) as f64).collect()
    }

    /// A batch is the objective of a table that holds its rows alone, but for what it is divided by.
    #[test]
    fn a_batch_is_the_problem_of_its_rows() {
        let (design, weights) = (design(), weights());
        let classes: Vec<f64> = (0..ROWS).map(|i| f64::from(u8::from(i % 7 < 3))).collect();
        let numbers: Vec<f64> = (0..ROWS).map(|i| (i as f64).sqrt()).collect();
        let codes: Vec<u32> = (0..ROWS as u32).map(|i| i % 3).collect();
        let batch: Vec<usize> = (0..90).map(|i| (i * 77 + 5) % ROWS).collect();
        let pick = |values: &[f64], outputs: usize| -> Vec<f64> {
            let own = |&row: &usize| values[row * outputs..(row + 1) * outputs].iter().copied();
            batch.iter().flat_map(own).collect()
        };
        for target in [
            TargetValues::Binary(&classes),
            TargetValues::Linear(&numbers),
            TargetValues::Multinomial {
                codes: &codes,
                classes: 3,
            },
        ] {
            let outputs = target.outputs();
            let offsets = offsets(outputs);
            let problem = Problem {
                weights: Some(&weights),
                offsets: Some(&offsets),
                penalty: Penalty::ridge(0.3),
                ..Problem::new(&design, target)
            };
            let objective = HostObjective::new(problem).unwrap();
            let theta: Vec<f64> = (0..6 * outputs)
                .map(|i| 0.2 * (1.0 + i as f64).sin())
                .collect();
            let mut gradient = vec![0.0; theta.len()];
            let loss = objective.batch(&theta, &batch, &mut gradient).unwrap();

            let own_design = design.select(&batch);
            let own_weights = pick(&weights, 1);
            let own_offsets = pick(&offsets, outputs);
            let own_codes: Vec<u32> = batch.iter().map(|&row| codes[row]).collect();
            let own_numbers;
            let own_target = match target {
                TargetValues::Binary(values) => {
                    own_numbers = pick(values, 1);
                    TargetValues::Binary(&own_numbers)
                }
                TargetValues::Linear(values) => {
                    own_numbers = pick(values, 1);
                    TargetValues::Linear(&own_numbers)
                }
                TargetValues::Multinomial { classes, .. } => TargetValues::Multinomial {
                    codes: &own_codes,
                    classes,
                },
            };
            let alone = HostObjective::new(Problem {
                weights: Some(&own_weights),
                offsets: Some(&own_offsets),
                ..Problem::new(&own_design, own_target)
            })
            .unwrap();
            let mut expected = vec![0.0; theta.len()];
            let share = alone.total_weight()
                / (batch.len() as f64 * objective.total_weight() / ROWS as f64);
            let expected_loss = share * alone.gradient(&theta, &mut expected).unwrap();
            assert!((loss - expected_loss).abs() < 1e-14 * expected_loss);
            for (found, expected) in gradient.iter().zip(&expected) {
                assert!((found - share * expected).abs() < 1e-14, "{target:?}");
            }
        }
    }

    #[test]
    fn a_batch_of_all_rows_is_the_objective_without_its_penalty() {
        let (design, weights) = (design(), weights());
        let numbers: Vec<f64> = (0..ROWS).map(|i| (i as f64).sqrt()).collect();
        let objective = HostObjective::new(Problem {
            weights: Some(&weights),
            ..Problem::new(&design, TargetValues::Linear(&numbers))
        })
        .unwrap();
        let (theta, all) = ([0.5; 6], (0..ROWS).rev().collect::<Vec<_>>());
        let (mut gradient, mut expected) = ([0.0; 6], [0.0; 6]);
        let loss = objective.batch(&theta, &all, &mut gradient).unwrap();
        let expected_loss = objective.gradient(&theta, &mut expected).unwrap();
        assert!((loss - expected_loss).abs() < 1e-14 * loss);
        for (found, expected) in gradient.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14 * loss);
        }
    }

    #[test]
    fn a_batch_without_weight_has_no_slope() {
        let (design, weights) = (design(), weights());
        let numbers = vec![1.0; ROWS];
        let objective = HostObjective::new(Problem {
            weights: Some(&weights),
            ..Problem::new(&design, TargetValues::Linear(&numbers))
        })
        .unwrap();
        let mut gradient = [1.0; 6];
        let loss = objective.batch(&[0.5; 6], &[0, 3], &mut gradient).unwrap();
        assert!(loss == 0.0 && gradient.iter().all(|&g| g == 0.0));
    }
}

//! How cells become numbers, one feature after the other over a tile of rows.

use std::collections::HashMap;

use super::dates::DateStep;
use super::scale::standardize;
use super::{DesignColumn, Encoding, MISSING_LEVEL, Pipeline, PipelineError, RowFlags, cells};
use crate::design::Element;
use crate::table::{Cells, MISSING, Table};

/// Rows encoded together. Cells come column by column and go row by row; the rows of a tile stay in
/// the first-level cache meanwhile.
const TILE: usize = 64;

/// How to encode one feature of one table.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Numeric {
        name: &'a str,
        cells: &'a [f64],
        median: Option<f64>,
        column: usize,
        mean: f64,
        scale: f64,
    },
    Categorical {
        codes: &'a [u32],
        places: Vec<Place>,
        missing: Place,
        off: Vec<(usize, f64)>,
    },
    Date(&'a str, DateStep<'a>),
}

/// Where a level goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The reference level: no dummy is 1.
    Reference,
    /// The dummy in this column, with this value.
    Dummy(usize, f64),
    /// A level that no training row had.
    Unseen,
}

/// A number that does not fit.
#[derive(Debug)]
pub(super) struct Overflow {
    column: String,
    row: usize,
    value: f64,
}

impl Overflow {
    pub(super) fn error<T: Element>(self, table: &Table) -> PipelineError {
        PipelineError::TooLarge {
            path: table.source().to_owned(),
            line: table.line(self.row),
            column: self.column,
            value: self.value,
            precision: T::NAME,
        }
    }
}

impl Pipeline {
    /// How to encode the features of a table, in their order.
    pub(super) fn steps<'a>(&'a self, table: &'a Table) -> Result<Vec<Step<'a>>, PipelineError> {
        let mut design: HashMap<&str, Vec<(usize, &DesignColumn)>> = HashMap::new();
        for (position, column) in self.columns.iter().enumerate() {
            design
                .entry(&column.source)
                .or_default()
                .push((position, column));
        }
        self.features
            .iter()
            .map(|feature| {
                let inconsistent = || PipelineError::Inconsistent {
                    column: feature.name.clone(),
                };
                let design = design.get(feature.name.as_str()).ok_or_else(inconsistent)?;
                match (
                    cells(table, &feature.name, feature.kind)?,
                    &feature.encoding,
                ) {
                    (Cells::Numeric(cells), Encoding::Numeric { median, .. }) => {
                        let &(column, &DesignColumn { mean, scale, .. }) =
                            design.first().ok_or_else(inconsistent)?;
                        let (name, median) = (feature.name.as_str(), *median);
                        Ok(Step::Numeric {
                            name,
                            cells,
                            median,
                            column,
                            mean,
                            scale,
                        })
                    }
                    (
                        Cells::Numeric(cells),
                        Encoding::Date {
                            fill, min, parts, ..
                        },
                    ) => {
                        let step = DateStep::new(cells, fill.unwrap_or(*min), parts, design);
                        Ok(Step::Date(&feature.name, step.ok_or_else(inconsistent)?))
                    }
                    (
                        Cells::Text {
                            codes,
                            levels: texts,
                        },
                        Encoding::Categorical { levels },
                    ) => Ok(categorical_step(codes, texts, levels, design)),
                    _ => Err(inconsistent()),
                }
            })
            .collect()
    }
}

fn categorical_step<'a>(
    codes: &'a [u32],
    texts: &[String],
    levels: &[String],
    design: &[(usize, &DesignColumn)],
) -> Step<'a> {
    let mut known: HashMap<&str, Place> = levels
        .iter()
        .map(|level| (level.as_str(), Place::Reference))
        .collect();
    for &(position, column) in design {
        if let Some(level) = &column.level {
            let on = standardize(1.0, column.mean, column.scale);
            known.insert(level, Place::Dummy(position, on));
        }
    }
    let place = |text: &str| known.get(text).copied().unwrap_or(Place::Unseen);
    let off = |&(position, column): &(usize, &DesignColumn)| {
        (position, standardize(0.0, column.mean, column.scale))
    };
    Step::Categorical {
        codes,
        places: texts.iter().map(|text| place(text)).collect(),
        missing: place(MISSING_LEVEL),
        off: design.iter().map(off).collect(),
    }
}

/// Writes the numbers of some rows of the table, `[rows × columns]`, and flags what is unusual.
pub(super) fn encode<T: Element>(
    steps: &[Step<'_>],
    rows: &[usize],
    columns: usize,
    values: &mut [T],
    mut flags: Option<&mut [RowFlags]>,
) -> Result<(), Overflow> {
    let tiles = rows.chunks(TILE).zip(values.chunks_mut(TILE * columns));
    for (at, (rows, values)) in tiles.enumerate() {
        let mut none = [];
        let flags = match &mut flags {
            Some(flags) => &mut flags[at * TILE..][..rows.len()],
            None => &mut none[..],
        };
        let mut tile = Tile {
            rows,
            consecutive: rows.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            columns,
            values,
            flags,
        };
        steps.iter().try_for_each(|step| tile.encode(step))?;
    }
    Ok(())
}

/// A few rows of the design matrix in the making.
struct Tile<'t, T> {
    rows: &'t [usize],
    consecutive: bool,
    columns: usize,
    values: &'t mut [T],
    /// One for each row, or none at all.
    flags: &'t mut [RowFlags],
}

impl<T: Element> Tile<'_, T> {
    fn encode(&mut self, step: &Step<'_>) -> Result<(), Overflow> {
        match step {
            Step::Numeric {
                name,
                cells,
                median,
                column,
                mean,
                scale,
            } => {
                if self.plain(cells, *column, *mean, *scale) {
                    return Ok(());
                }
                let fill = median.unwrap_or(*mean);
                self.numbers(cells, fill, *column, *mean, *scale)
                    .map_err(|(row, value)| Overflow {
                        column: (*name).to_owned(),
                        row,
                        value,
                    })
            }
            Step::Categorical {
                codes,
                places,
                missing,
                off,
            } => {
                self.dummies(codes, places, *missing, off);
                Ok(())
            }
            Step::Date(name, dates) => dates
                .encode(self.rows, self.columns, self.values, self.flags)
                .map_err(|(row, value)| Overflow {
                    column: (*name).to_owned(),
                    row,
                    value,
                }),
        }
    }

    /// Standardises cells of which none is missing and none overflows; false where that is not so.
    fn plain(&mut self, cells: &[f64], column: usize, mean: f64, scale: f64) -> bool {
        let mut numbers = [0.0; TILE];
        let numbers = &mut numbers[..self.rows.len()];
        if self.consecutive {
            let first = self.rows.first().copied().unwrap_or_default();
            numbers.copy_from_slice(&cells[first..first + numbers.len()]);
        } else {
            for (number, &row) in numbers.iter_mut().zip(self.rows) {
                *number = cells[row];
            }
        }
        // Zero times anything finite is zero, times anything else NaN: no branch for each cell.
        let mut finite = 0.0;
        for number in numbers.iter_mut() {
            *number = (*number - mean) / scale;
            finite += 0.0 * T::from_f64(*number).to_f64();
        }
        if finite != 0.0 {
            return false;
        }
        let places = self.values[column..].iter_mut().step_by(self.columns);
        for (place, number) in places.zip(numbers) {
            *place = T::from_f64(*number);
        }
        true
    }

    /// The same for any cells: a missing one becomes `fill`. Fails with the row and its value.
    fn numbers(
        &mut self,
        cells: &[f64],
        fill: f64,
        column: usize,
        mean: f64,
        scale: f64,
    ) -> Result<(), (usize, f64)> {
        for (i, &row) in self.rows.iter().enumerate() {
            let mut value = cells[row];
            if value.is_nan() {
                value = fill;
                if let Some(flags) = self.flags.get_mut(i) {
                    flags.missing = true;
                }
            }
            let number = T::from_f64(standardize(value, mean, scale));
            if !number.to_f64().is_finite() {
                return Err((row, value));
            }
            self.values[i * self.columns + column] = number;
        }
        Ok(())
    }

    fn dummies(&mut self, codes: &[u32], places: &[Place], missing: Place, off: &[(usize, f64)]) {
        for (i, &row) in self.rows.iter().enumerate() {
            let values = &mut self.values[i * self.columns..][..self.columns];
            for &(column, value) in off {
                values[column] = T::from_f64(value);
            }
            let code = codes[row];
            let place = places.get(code as usize).copied().unwrap_or(missing);
            if let Place::Dummy(column, value) = place {
                values[column] = T::from_f64(value);
            }
            if let Some(flags) = self.flags.get_mut(i) {
                flags.missing |= code == MISSING;
                flags.unseen |= matches!(place, Place::Unseen);
            }
        }
    }
}

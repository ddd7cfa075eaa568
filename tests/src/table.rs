//! Small tables as CSV: to read, to change in one way, to write again.

use std::fs;
use std::path::Path;

use crate::reference::shipped;

/// A header and rows of cells, none of which needs quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names.
    pub header: Vec<String>,
    /// The cells, row after row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// From CSV text without quotes.
    ///
    /// # Panics
    /// When there is no header.
    pub fn parse(text: &str) -> Self {
        let mut lines = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        Self {
            header: lines.next().expect("a header"),
            rows: lines.collect(),
        }
    }

    /// From a file.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn open(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).expect("the table can be read"))
    }

    /// A table that ships.
    pub fn shipped(name: &str) -> Self {
        Self::open(&shipped(name))
    }

    /// Sixty rows of two numbers and a label, far from separated.
    ///
    /// The numbers come from a fixed recurrence: the least significant bits of a linear
    /// congruential generator are poor, its upper ones are good enough for a table.
    pub fn small() -> Self {
        let mut state: u32 = 12345;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 16) / 65536.0
        };
        let rows = (0..60)
            .map(|_| {
                let (a, b, noise) = (next(), next(), next());
                let yes = 2.0 * a - b + 1.5 * noise > 1.25;
                vec![
                    format!("{a:.4}"),
                    format!("{b:.4}"),
                    if yes { "yes" } else { "no" }.into(),
                ]
            })
            .collect();
        Self {
            header: ["a", "b", "y"].map(str::to_owned).to_vec(),
            rows,
        }
    }

    /// As CSV with a delimiter.
    pub fn delimited(&self, delimiter: &str) -> String {
        let lines = [&self.header].into_iter().chain(&self.rows);
        lines.map(|cells| cells.join(delimiter) + "\n").collect()
    }

    /// As CSV.
    pub fn csv(&self) -> String {
        self.delimited(",")
    }

    /// Where a column is.
    ///
    /// # Panics
    /// When there is none of that name.
    #[track_caller]
    pub fn position(&self, name: &str) -> usize {
        let found = self.header.iter().position(|one| one == name);
        found.unwrap_or_else(|| panic!("no column {name}"))
    }

    /// A cell.
    #[track_caller]
    pub fn cell(&self, row: usize, name: &str) -> &str {
        &self.rows[row][self.position(name)]
    }

    /// A cell as a number.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn number(&self, row: usize, name: &str) -> f64 {
        let cell = self.cell(row, name);
        cell.parse()
            .unwrap_or_else(|_| panic!("row {row}, {name}: {cell:?} is not a number"))
    }

    /// A column as numbers.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        (0..self.rows.len())
            .map(|row| self.number(row, name))
            .collect()
    }

    /// With another cell.
    #[must_use]
    pub fn with_cell(mut self, row: usize, name: &str, cell: &str) -> Self {
        let position = self.position(name);
        cell.clone_into(&mut self.rows[row][position]);
        self
    }

    /// With one more column, made of the row's number.
    #[must_use]
    pub fn with_column(mut self, name: &str, cell: impl Fn(usize) -> String) -> Self {
        self.header.push(name.to_owned());
        for (row, cells) in self.rows.iter_mut().enumerate() {
            cells.push(cell(row));
        }
        self
    }

    /// With its columns in another order: `order` holds positions.
    #[must_use]
    pub fn with_order(&self, order: &[usize]) -> Self {
        let pick = |cells: &Vec<String>| order.iter().map(|&at| cells[at].clone()).collect();
        Self {
            header: pick(&self.header),
            rows: self.rows.iter().map(pick).collect(),
        }
    }

    /// Without the columns of these names.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let kept = |&at: &usize| !names.contains(&self.header[at].as_str());
        let order: Vec<usize> = (0..self.header.len()).filter(kept).collect();
        self.with_order(&order)
    }

    /// The rows that `keep` accepts.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows = self.rows.iter().enumerate().filter(|(row, _)| keep(*row));
        Self {
            header: self.header.clone(),
            rows: rows.map(|(_, cells)| cells.clone()).collect(),
        }
    }
}

//! Random problems, ordinary and nasty, and the Challenger data.

use dataset::DesignMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use solver::{Penalty, Problem, TargetValues};

/// The targets of an [`Example`].
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Binary(Vec<f64>),
    Multinomial(Vec<u32>, usize),
    Linear(Vec<f64>),
}

/// An owned problem.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) design: DesignMatrix<f64>,
    pub(crate) target: Target,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) offsets: Option<Vec<f64>>,
    pub(crate) intercept: bool,
    pub(crate) penalty: Penalty,
}

impl Example {
    pub(crate) fn problem(&self) -> Problem<'_, f64> {
        Problem {
            design: &self.design,
            target: match &self.target {
                Target::Binary(y) => TargetValues::Binary(y),
                Target::Multinomial(codes, classes) => TargetValues::Multinomial {
                    codes,
                    classes: *classes,
                },
                Target::Linear(y) => TargetValues::Linear(y),
            },
            weights: self.weights.as_deref(),
            offsets: self.offsets.as_deref(),
            intercept: self.intercept,
            penalty: self.penalty,
        }
    }

    /// The rows in another order, or some of them, or some of them twice.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        let pick = |values: &[f64]| rows.iter().map(|&i| values[i]).collect::<Vec<_>>();
        let outputs = self.problem().target.outputs();
        Self {
            design: self.design.select(rows),
            target: match &self.target {
                Target::Binary(y) => Target::Binary(pick(y)),
                Target::Linear(y) => Target::Linear(pick(y)),
                Target::Multinomial(codes, classes) => {
                    Target::Multinomial(rows.iter().map(|&i| codes[i]).collect(), *classes)
                }
            },
            weights: self.weights.as_deref().map(pick),
            offsets: self.offsets.as_ref().map(|offsets| {
                let row = |&i: &usize| offsets[i * outputs..(i + 1) * outputs].to_vec();
                rows.iter().flat_map(row).collect()
            }),
            ..self.clone()
        }
    }
}

/// Which loss an example has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Binary,
    Multinomial,
    Linear,
}

pub(crate) const LOSSES: [Loss; 3] = [Loss::Binary, Loss::Multinomial, Loss::Linear];

pub(crate) fn normal(random: &mut ChaCha8Rng) -> f64 {
    // Box and Muller (1958)
    let (u, v): (f64, f64) = (
        random.random_range(1e-12..1.0),
        random.random_range(0.0..1.0),
    );
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

/// A well-behaved example with a penalty, and with weights and offsets if `full`.
pub(crate) fn ordinary(loss: Loss, rows: usize, columns: usize, full: bool, seed: u64) -> Example {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let values = (0..rows * columns).map(|_| normal(&mut random)).collect();
    let design = DesignMatrix::new(rows, columns, values).unwrap();
    let classes = 3;
    let target = match loss {
        Loss::Binary => Target::Binary(
            (0..rows)
                .map(|_| f64::from(random.random_bool(0.4)))
                .collect(),
        ),
        Loss::Multinomial => {
            let codes = (0..rows)
                .map(|_| random.random_range(0..classes as u32))
                .collect();
            Target::Multinomial(codes, classes)
        }
        Loss::Linear => Target::Linear((0..rows).map(|_| 3.0 * normal(&mut random)).collect()),
    };
    let outputs = if loss == Loss::Multinomial {
        classes
    } else {
        1
    };
    Example {
        design,
        target,
        weights: full.then(|| (0..rows).map(|i| [0.5, 0.0, 2.0, 1.25][i % 4]).collect()),
        offsets: full.then(|| (0..rows * outputs).map(|_| normal(&mut random)).collect()),
        intercept: true,
        penalty: Penalty::ridge(0.05),
    }
}

/// Badly scaled, nearly collinear, rare, separable, unbalanced, with few rows or heavy weights.
pub(crate) fn nasty(loss: Loss, seed: u64) -> Example {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let rows = random.random_range(3..60);
    let columns = random.random_range(1..6);
    let mut data: Vec<Vec<f64>> = Vec::new();
    for j in 0..columns {
        let column: Vec<f64> = match random.random_range(0..8) {
            // a rare level: one row, or two
            0 => (0..rows)
                .map(|i| f64::from(i == j || i == 2 * j + 7))
                .collect(),
            1 => (0..rows)
                .map(|_| f64::from(random.random_bool(0.3)))
                .collect(),
            // units from 1e-6 to 1e6
            2 => {
                let unit = 10.0_f64.powf(random.random_range(-6.0..6.0));
                (0..rows).map(|_| unit * normal(&mut random)).collect()
            }
            // nearly, or exactly, another column
            3 if j > 0 => {
                let distance = [0.0, 1e-1, 1e-3, 1e-5][random.random_range(0..4)];
                let other = data[random.random_range(0..j)].clone();
                other
                    .iter()
                    .map(|x| x * (1.0 + distance * normal(&mut random)))
                    .collect()
            }
            // far from zero
            4 => (0..rows).map(|_| 1e3 + normal(&mut random)).collect(),
            5 => (0..rows).map(|_| normal(&mut random).exp()).collect(),
            _ => (0..rows).map(|_| normal(&mut random)).collect(),
        };
        data.push(column);
    }
    let values = (0..rows)
        .flat_map(|i| data.iter().map(move |column| column[i]))
        .collect();
    let design = DesignMatrix::new(rows, columns, values).unwrap();
    // the first column drives the target, weakly or until it separates
    let strength = [0.0, 1.0, 3.0, 100.0][random.random_range(0..4)];
    let size = data[0].iter().fold(1e-12, |most: f64, x| most.max(x.abs()));
    let center = data[0].iter().sum::<f64>() / rows as f64;
    let score = |i: usize| strength * (data[0][i] - center) / size;
    let classes = random.random_range(2..5);
    let target = match loss {
        Loss::Binary => {
            let y = |i| f64::from(score(i) + 2.0 * normal(&mut random) > 0.0);
            Target::Binary((0..rows).map(y).collect())
        }
        Loss::Multinomial => {
            let code = |i| {
                let level = score(i) + 1.5 * normal(&mut random) + 1.0;
                (1..classes as u32)
                    .filter(|&k| level > f64::from(k) - 0.5)
                    .count() as u32
            };
            Target::Multinomial((0..rows).map(code).collect(), classes)
        }
        Loss::Linear => Target::Linear((0..rows).map(|i| score(i) + normal(&mut random)).collect()),
    };
    let weights = match random.random_range(0..4) {
        0 => Some((0..rows).map(|i| [0.0, 1.0, 3.0][i % 3]).collect()),
        // nearly all the weight on few rows
        1 => Some(
            (0..rows)
                .map(|i| if i % 7 == 1 { 1e4 } else { 1e-2 })
                .collect(),
        ),
        _ => None,
    };
    let outputs = if loss == Loss::Multinomial {
        classes
    } else {
        1
    };
    let offsets = random
        .random_bool(0.2)
        .then(|| (0..rows * outputs).map(|_| normal(&mut random)).collect());
    let penalty = match random.random_range(0..3) {
        0 => Penalty::ridge(10.0_f64.powf(random.random_range(-6.0..0.0))),
        1 => Penalty::ridge(1.0 / rows as f64),
        _ => Penalty::NONE,
    };
    Example {
        design,
        target,
        weights,
        offsets,
        intercept: random.random_bool(0.9),
        penalty,
    }
}

/// Temperature at launch in °F and whether any primary O-ring showed distress, for the 23 flights
/// before Challenger's last: Dalal, Fowlkes and Hoadley (1989), table 1.
pub(crate) const CHALLENGER: [(f64, f64); 23] = [
    (66.0, 0.0),
    (70.0, 1.0),
    (69.0, 0.0),
    (68.0, 0.0),
    (67.0, 0.0),
    (72.0, 0.0),
    (73.0, 0.0),
    (70.0, 0.0),
    (57.0, 1.0),
    (63.0, 1.0),
    (70.0, 1.0),
    (78.0, 0.0),
    (67.0, 0.0),
    (53.0, 1.0),
    (67.0, 0.0),
    (75.0, 0.0),
    (70.0, 0.0),
    (81.0, 0.0),
    (76.0, 0.0),
    (79.0, 0.0),
    (75.0, 1.0),
    (76.0, 0.0),
    (58.0, 1.0),
];

pub(crate) fn challenger() -> Example {
    let temperatures = CHALLENGER.iter().map(|row| row.0).collect();
    Example {
        design: DesignMatrix::new(23, 1, temperatures).unwrap(),
        target: Target::Binary(CHALLENGER.iter().map(|row| row.1).collect()),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    }
}

//! Gaussian clusters at the corners of a hypercube.

use super::error::{above_zero, in_range, room};
use super::random::Random;
use super::{Provenance, Synthetic, SyntheticError, reorder, reorder_rows};

/// Parameters of a random classification problem, those of scikit-learn's `make_classification`.
///
/// Each class is a number of normally distributed clusters around corners of a hypercube of side
/// `2 · class_separation` in the informative dimensions, each cluster with its own random
/// covariance. Redundant columns are random linear combinations of the informative ones, repeated
/// columns are copies drawn from both, and the rest is noise.
///
/// # Examples
/// ```
/// use dataset::Classification;
///
/// let problem = Classification { samples: 60, classes: 3, informative: 3, ..Default::default() };
/// let synthetic = problem.generate()?;
/// assert_eq!((synthetic.rows, synthetic.columns), (60, 20));
/// assert!(synthetic.target.iter().all(|class| [0.0, 1.0, 2.0].contains(class)));
/// # Ok::<(), dataset::SyntheticError>(())
/// ```
///
/// # References
/// Guyon (2003), *Design of experiments for the NIPS 2003 variable selection benchmark*.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Rows.
    pub samples: usize,
    /// Columns.
    pub features: usize,
    /// Columns that the classes differ in.
    pub informative: usize,
    /// Columns that are linear combinations of the informative ones.
    pub redundant: usize,
    /// Columns that are copies of informative or redundant ones.
    pub repeated: usize,
    /// Classes.
    pub classes: usize,
    /// Clusters of each class.
    pub clusters_per_class: usize,
    /// The share of each class; the last may be left out, and `None` means equal shares.
    pub weights: Option<Vec<f64>>,
    /// The share of rows whose class is drawn again at random.
    pub flip: f64,
    /// Half the side of the hypercube: larger is easier.
    pub class_separation: f64,
    /// Whether clusters sit at corners of a cube; otherwise of a random box.
    pub hypercube: bool,
    /// Added to every column; `None` draws from ±`class_separation` for each.
    pub shift: Option<f64>,
    /// Multiplies every column after the shift; `None` draws from 1 to 100 for each.
    pub scale: Option<f64>,
    /// Whether rows and columns are put in random order.
    pub shuffle: bool,
    /// Where the random numbers start.
    pub seed: u64,
}

impl Default for Classification {
    /// scikit-learn's defaults, and seed 0.
    fn default() -> Self {
        Self {
            samples: 100,
            features: 20,
            informative: 2,
            redundant: 2,
            repeated: 0,
            classes: 2,
            clusters_per_class: 2,
            weights: None,
            flip: 0.01,
            class_separation: 1.0,
            hypercube: true,
            shift: Some(0.0),
            scale: Some(1.0),
            shuffle: true,
            seed: 0,
        }
    }
}

impl Classification {
    /// Makes the table.
    ///
    /// # Errors
    /// Every variant of [`SyntheticError`].
    pub fn generate(&self) -> Result<Synthetic, SyntheticError> {
        let shares = self.check()?;
        let mut random = Random::new(self.seed);
        let (n, p) = (self.samples, self.features);
        let mut values = vec![0.0; n * p];

        // 1. Informative columns: for each cluster x = A z + its corner, z standard normal.
        let mut target = self.clusters(&shares, &mut values, &mut random);
        // 2. Redundant, repeated and noise columns.
        let provenance = self.other_columns(&mut values, &mut random);
        // 3. Mistakes in the labels.
        for class in &mut target {
            if random.uniform() < self.flip {
                *class = random.below(self.classes) as f64;
            }
        }
        // 4. Shift and scale.
        let each = |given: Option<f64>, mut draw: Box<dyn FnMut() -> f64 + '_>| -> Vec<f64> {
            (0..p).map(|_| given.unwrap_or_else(&mut draw)).collect()
        };
        let separation = self.class_separation;
        let shift = each(self.shift, Box::new(|| random.symmetric() * separation));
        let scale = each(self.scale, Box::new(|| 1.0 + 99.0 * random.uniform()));
        for row in values.chunks_exact_mut(p) {
            for (value, (shift, scale)) in row.iter_mut().zip(shift.iter().zip(&scale)) {
                *value = (*value + shift) * scale;
            }
        }
        let mut synthetic = Synthetic {
            rows: n,
            columns: p,
            targets: 1,
            values,
            target,
            provenance,
            coefficients: Vec::new(),
        };
        // 5. Random order.
        if self.shuffle {
            reorder_rows(&mut synthetic, &random.order(n));
            reorder(&mut synthetic, &random.order(p));
        }
        Ok(synthetic)
    }

    /// Checks the parameters; gives the share of each class.
    fn check(&self) -> Result<Vec<f64>, SyntheticError> {
        above_zero(&[
            ("samples", self.samples),
            ("features", self.features),
            ("informative", self.informative),
            ("classes", self.classes),
            ("clusters_per_class", self.clusters_per_class),
        ])?;
        room(self.samples, self.features)?;
        let used = self
            .informative
            .checked_add(self.redundant)
            .and_then(|used| used.checked_add(self.repeated));
        if used.is_none_or(|used| used > self.features) {
            return Err(SyntheticError::TooFewFeatures {
                features: self.features,
                informative: self.informative,
                redundant: self.redundant,
                repeated: self.repeated,
            });
        }
        let clusters = self.classes.checked_mul(self.clusters_per_class);
        let corners = 1_usize
            .checked_shl(self.informative as u32)
            .unwrap_or(usize::MAX);
        let corners = if self.informative >= 63 {
            usize::MAX
        } else {
            corners
        };
        if clusters.is_none_or(|clusters| clusters > corners) {
            return Err(SyntheticError::TooManyClusters {
                classes: self.classes,
                clusters_per_class: self.clusters_per_class,
                informative: self.informative,
            });
        }
        room(self.classes * self.clusters_per_class, self.informative)?;
        in_range("flip", self.flip, "from 0 to 1", |flip| {
            (0.0..=1.0).contains(&flip)
        })?;
        in_range(
            "class_separation",
            self.class_separation,
            "a finite number",
            |_| true,
        )?;
        in_range(
            "shift",
            self.shift.unwrap_or(0.0),
            "a finite number",
            |_| true,
        )?;
        in_range(
            "scale",
            self.scale.unwrap_or(1.0),
            "a finite number",
            |_| true,
        )?;
        self.shares()
    }

    fn shares(&self) -> Result<Vec<f64>, SyntheticError> {
        let Some(weights) = &self.weights else {
            return Ok(vec![1.0 / self.classes as f64; self.classes]);
        };
        let (given, classes) = (weights.len(), self.classes);
        if given != classes && given + 1 != classes {
            return Err(SyntheticError::WeightCount {
                classes,
                weights: given,
            });
        }
        let sum: f64 = weights.iter().sum();
        // Shares such as 0.1 + 0.2 + 0.7 may round to a little more than 1.
        if !weights.iter().all(|&weight| weight >= 0.0) || sum.is_nan() || sum > 1.0 + 1e-9 {
            return Err(SyntheticError::Weights { sum });
        }
        let mut shares = weights.clone();
        if given < classes {
            shares.push((1.0 - sum).max(0.0));
        }
        Ok(shares)
    }

    /// Fills the informative columns, cluster after cluster; gives the class of each row.
    fn clusters(&self, shares: &[f64], values: &mut [f64], random: &mut Random) -> Vec<f64> {
        let (k, clusters) = (self.informative, self.classes * self.clusters_per_class);
        let mut sizes: Vec<usize> = (0..clusters)
            .map(|cluster| {
                let share = shares[cluster % self.classes] / self.clusters_per_class as f64;
                whole(self.samples as f64 * share)
            })
            .collect();
        let missing = self.samples.saturating_sub(sizes.iter().sum());
        for position in 0..missing {
            sizes[position % clusters] += 1;
        }
        let corners = self.corners(clusters, random);
        let mut target = Vec::with_capacity(self.samples);
        let mut rows = values.chunks_exact_mut(self.features);
        let mut normal = vec![0.0; k];
        for (cluster, (size, corner)) in sizes.into_iter().zip(corners).enumerate() {
            let mixing: Vec<f64> = (0..k * k).map(|_| random.symmetric()).collect();
            for row in rows.by_ref().take(size) {
                normal.fill_with(|| random.normal());
                for (column, value) in row[..k].iter_mut().enumerate() {
                    let mixed = normal.iter().zip(mixing[column..].iter().step_by(k));
                    *value = corner[column] + mixed.map(|(z, a)| z * a).sum::<f64>();
                }
                target.push((cluster % self.classes) as f64);
            }
        }
        target
    }

    /// The centre of each cluster.
    fn corners(&self, clusters: usize, random: &mut Random) -> Vec<Vec<f64>> {
        let separation = self.class_separation;
        let side = |high: bool| if high { separation } else { -separation };
        let mut corners: Vec<Vec<f64>> = random
            .corners(clusters, self.informative)
            .into_iter()
            .map(|corner| corner.into_iter().map(side).collect())
            .collect();
        if !self.hypercube {
            for corner in &mut corners {
                let shrink = random.uniform();
                for coordinate in corner {
                    *coordinate *= shrink;
                }
            }
            for column in 0..self.informative {
                let shrink = random.uniform();
                for corner in &mut corners {
                    corner[column] *= shrink;
                }
            }
        }
        corners
    }

    /// Fills all columns behind the informative ones; says what each column is.
    fn other_columns(&self, values: &mut [f64], random: &mut Random) -> Vec<Provenance> {
        let (k, r) = (self.informative, self.redundant);
        let mixing: Vec<f64> = (0..k * r).map(|_| random.symmetric()).collect();
        // As scikit-learn draws them: rounding makes the first and the last half as likely.
        let last = (k + r - 1) as f64;
        let copies: Vec<usize> = (0..self.repeated)
            .map(|_| whole(last * random.uniform() + 0.5))
            .collect();
        for row in values.chunks_exact_mut(self.features) {
            let (informative, others) = row.split_at_mut(k);
            for (column, value) in others[..r].iter_mut().enumerate() {
                let mixed = informative.iter().zip(mixing[column..].iter().step_by(r));
                *value = mixed.map(|(x, b)| x * b).sum();
            }
            for (column, &source) in copies.iter().enumerate() {
                row[k + r + column] = row[source];
            }
            row[k + r + copies.len()..].fill_with(|| random.normal());
        }
        let mut provenance = vec![Provenance::Informative; k];
        provenance.resize(k + r, Provenance::Redundant);
        provenance.extend(copies.into_iter().map(|of| Provenance::Repeated { of }));
        provenance.resize(self.features, Provenance::Noise);
        provenance
    }
}

/// A count, which is never negative, rounded down.
#[allow(
    clippy::cast_sign_loss,
    reason = "shares and uniform numbers are at least 0"
)]
fn whole(count: f64) -> usize {
    count as usize
}

//! An objective with some coordinates held at zero.

use faer::Mat;

use super::{CurvatureProduct, Gauge, Objective, ObjectiveError};

/// Another objective as a function of some of its coordinates, the others held at zero.
///
/// Collinear columns are dropped this way without a copy of the rows.
#[derive(Clone)]
pub struct Restricted<'o> {
    inner: &'o dyn Objective,
    free: Vec<usize>,
}

impl std::fmt::Debug for Restricted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restricted")
            .field("free", &self.free)
            .finish_non_exhaustive()
    }
}

impl<'o> Restricted<'o> {
    /// Keeps the coordinates that `held` does not name free; those of it are counted within one
    /// class, and are held for every class.
    pub fn new(inner: &'o dyn Objective, stride: usize, held: &[usize]) -> Self {
        let free = (0..inner.dimension())
            .filter(|at| !held.contains(&(at % stride)))
            .collect();
        Self { inner, free }
    }

    /// All coordinates from the free ones.
    pub fn expand(&self, free: &[f64]) -> Vec<f64> {
        let mut theta = vec![0.0; self.inner.dimension()];
        for (&at, &value) in self.free.iter().zip(free) {
            theta[at] = value;
        }
        theta
    }

    /// The free coordinates out of all.
    pub fn restrict(&self, theta: &[f64]) -> Vec<f64> {
        self.free.iter().map(|&at| theta[at]).collect()
    }

    fn check(&self, what: &'static str, numbers: &[f64]) -> Result<(), ObjectiveError> {
        if numbers.len() == self.free.len() {
            Ok(())
        } else {
            let (expected, actual) = (self.free.len(), numbers.len());
            Err(ObjectiveError::Length {
                what,
                expected,
                actual,
            })
        }
    }
}

impl Objective for Restricted<'_> {
    fn dimension(&self) -> usize {
        self.free.len()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
        self.check("parameters", theta)?;
        self.inner.value(&self.expand(theta))
    }

    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        self.check("parameters", theta)?;
        self.check("gradient", gradient)?;
        let mut full = vec![0.0; self.inner.dimension()];
        let value = self.inner.gradient(&self.expand(theta), &mut full)?;
        gradient.copy_from_slice(&self.restrict(&full));
        Ok(value)
    }

    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError> {
        self.check("parameters", theta)?;
        self.check("gradient", gradient)?;
        let mut full = vec![0.0; self.inner.dimension()];
        let mut matrix = Mat::new();
        let value = self
            .inner
            .curvature(&self.expand(theta), &mut full, &mut matrix)?;
        gradient.copy_from_slice(&self.restrict(&full));
        *curvature = submatrix(&matrix, &self.free);
        Ok(value)
    }

    fn curvature_product(
        &self,
        theta: &[f64],
    ) -> Result<Option<Box<dyn CurvatureProduct + '_>>, ObjectiveError> {
        self.check("parameters", theta)?;
        let inner = self.inner.curvature_product(&self.expand(theta))?;
        Ok(inner.map(|inner| -> Box<dyn CurvatureProduct> {
            Box::new(RestrictedProduct {
                restricted: self,
                inner,
            })
        }))
    }

    fn score_change(&self, direction: &[f64]) -> Result<Option<f64>, ObjectiveError> {
        self.check("direction", direction)?;
        self.inner.score_change(&self.expand(direction))
    }

    fn proves_separation(&self, value: f64) -> bool {
        self.inner.proves_separation(value)
    }

    fn gauge(&self) -> Option<Gauge> {
        let gauge = self.inner.gauge()?;
        let within = |end: usize| self.free.iter().take_while(|&&at| at < end).count();
        let (stride, from) = (within(gauge.stride), within(gauge.from));
        (from < stride).then_some(Gauge {
            classes: gauge.classes,
            stride,
            from,
        })
    }

    fn l1(&self) -> f64 {
        self.inner.l1()
    }

    fn l1_at(&self, at: usize) -> f64 {
        self.inner.l1_at(self.free[at])
    }

    fn scale(&self) -> f64 {
        self.inner.scale()
    }

    fn rounding(&self) -> f64 {
        self.inner.rounding()
    }
}

/// Products with the free rows and columns of a curvature.
struct RestrictedProduct<'r, 'o> {
    restricted: &'r Restricted<'o>,
    inner: Box<dyn CurvatureProduct + 'r>,
}

impl CurvatureProduct for RestrictedProduct<'_, '_> {
    fn multiply(&self, direction: &[f64], product: &mut [f64]) -> Result<(), ObjectiveError> {
        self.restricted.check("direction", direction)?;
        self.restricted.check("product", product)?;
        let mut full = vec![0.0; self.restricted.inner.dimension()];
        let direction = self.restricted.expand(direction);
        self.inner.multiply(&direction, &mut full)?;
        product.copy_from_slice(&self.restricted.restrict(&full));
        Ok(())
    }

    fn diagonal(&self) -> Result<Vec<f64>, ObjectiveError> {
        Ok(self.restricted.restrict(&self.inner.diagonal()?))
    }
}

/// The rows and columns of a square matrix that `kept` names.
pub(crate) fn submatrix(matrix: &Mat<f64>, kept: &[usize]) -> Mat<f64> {
    Mat::from_fn(kept.len(), kept.len(), |i, j| matrix[(kept[i], kept[j])])
}

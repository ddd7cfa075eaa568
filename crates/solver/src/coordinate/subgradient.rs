//! Optimality where the penalty has a corner: soft thresholds and the smallest subgradient.

/// `sign(x)·max(|x| − t, 0)`, the proximal map of `t|·|`.
pub(super) fn soft_threshold(x: f64, t: f64) -> f64 {
    if x > t {
        x - t
    } else if x < -t {
        x + t
    } else {
        0.0
    }
}

/// The subgradient of least size at a coefficient `beta` with smooth gradient `gradient` and a penalty
/// `l1·|β|`: zero at a minimum.
///
/// At zero the penalty offers every slope from `−l1` to `l1`, of which the best is taken.
pub(super) fn subgradient(gradient: f64, beta: f64, l1: f64) -> f64 {
    if beta > 0.0 {
        gradient + l1
    } else if beta < 0.0 {
        gradient - l1
    } else {
        soft_threshold(gradient, l1)
    }
}

/// What `l1·|·|` changes by between two coefficients.
pub(super) fn l1_change(from: f64, to: f64, l1: f64) -> f64 {
    l1 * (to.abs() - from.abs())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn values_computed_by_hand() {
        assert_eq!(soft_threshold(3.0, 1.0), 2.0);
        assert_eq!(soft_threshold(-3.0, 1.0), -2.0);
        assert_eq!(soft_threshold(0.5, 1.0), 0.0);
        assert_eq!(subgradient(-1.0, 2.0, 1.0), 0.0);
        assert_eq!(subgradient(1.5, -2.0, 1.0), 0.5);
        assert_eq!(subgradient(0.75, 0.0, 1.0), 0.0);
        assert_eq!(subgradient(-1.5, 0.0, 1.0), -0.5);
    }
}

//! Axes: from values to pixels, and where to put the ticks.

/// A logarithmic axis over whole decades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LogScale {
    /// Exponents of the ends.
    from: i32,
    to: i32,
    /// Pixels of the ends.
    start: f64,
    end: f64,
}

/// Ticks beyond which only some decades have one.
const TICKS: i32 = 5;

impl LogScale {
    /// The decades that hold all positive values, at least one; none of them where there are none.
    pub(super) fn new(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let positive = values.filter(|value| value.is_finite() && *value > 0.0);
        let range = positive.fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let (low, high) = range.unwrap_or((1.0, 10.0));
        let from = low.log10().floor() as i32;
        let to = (high.log10().ceil() as i32).max(from + 1);
        Self {
            from,
            to,
            start,
            end,
        }
    }

    /// Where a positive value is.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    /// Powers of ten to label, at most six.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let every = (self.to - self.from - 1) / TICKS + 1;
        let (from, to) = (self.from, self.to);
        (from..=to)
            .filter(move |exponent| (exponent - from) % every == 0)
            .map(|exponent| 10_f64.powi(exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_decades_from_the_smallest_to_the_largest() {
        let scale = LogScale::new([0.02, 3.0, 0.0, f64::NAN].into_iter(), 100.0, 400.0);
        assert!((scale.place(0.01) - 100.0).abs() < 1e-9);
        assert!((scale.place(0.1) - 200.0).abs() < 1e-9);
        assert!((scale.place(10.0) - 400.0).abs() < 1e-9);
        let ticks: Vec<f64> = scale.ticks().collect();
        assert_eq!(ticks, [0.01, 0.1, 1.0, 10.0]);
    }

    #[test]
    fn one_value_has_a_decade_and_many_decades_few_ticks() {
        let one = LogScale::new([1.0].into_iter(), 0.0, 1.0);
        assert_eq!(one.ticks().collect::<Vec<_>>(), [1.0, 10.0]);
        let none = LogScale::new([].into_iter(), 0.0, 1.0);
        assert_eq!(none.ticks().count(), 2);
        let wide = LogScale::new([1e-16, 1.0].into_iter(), 0.0, 1.0);
        assert!(wide.ticks().count() <= 6);
    }
}

//! Axes: from values to pixels, and where to put the ticks.

/// A logarithmic axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LogScale {
    /// Exponents of the ends.
    from: f64,
    to: f64,
    /// Pixels of the ends.
    start: f64,
    end: f64,
}

/// Ticks beyond which only some decades have one.
const TICKS: i32 = 5;

impl LogScale {
    /// The decades that hold all positive values, at least one; none of them where there are none.
    pub(super) fn new(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let (low, high) = range(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
        let from = low.log10().floor();
        let to = high.log10().ceil().max(from + 1.0);
        Self {
            from,
            to,
            start,
            end,
        }
    }

    /// From the smallest positive value to the largest; whole decades where they have no tick between them.
    pub(super) fn tight(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let (low, high) = range(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
        let (from, to) = (low.log10(), high.log10());
        if to.floor() - from.ceil() < 1.0 {
            return Self::new([low, high].into_iter(), start, end);
        }
        Self {
            from,
            to,
            start,
            end,
        }
    }

    /// Where a positive value is.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - self.from) / (self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    /// Powers of ten to label, at most six.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let (from, to) = (self.from.ceil() as i32, self.to.floor() as i32);
        let every = (to - from - 1) / TICKS + 1;
        (from..=to)
            .filter(move |exponent| (exponent - from) % every == 0)
            .map(|exponent| 10_f64.powi(exponent))
    }
}

/// The smallest and the largest finite value.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(None, |range: Option<(f64, f64)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// A linear axis between round numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LinearScale {
    /// The distance between ticks.
    step: f64,
    /// Steps from zero to the ends.
    from: f64,
    to: f64,
    /// Pixels of the ends.
    start: f64,
    end: f64,
}

impl LinearScale {
    /// The shortest axis between multiples of 1, 2 or 5 times a power of ten that holds all finite values in
    /// at most six steps; from 0 to 1 where there are none.
    pub(super) fn new(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let (low, high) = match range(values) {
            None => (0.0, 1.0),
            // One value has a step around it, of its own size.
            Some((low, high)) if low >= high => {
                (low, low + if low == 0.0 { 1.0 } else { low.abs() })
            }
            Some(range) => range,
        };
        let rough = (high - low) / 6.0;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|step| step * power);
        let axis = |step: f64| ((low / step).floor(), (high / step).ceil());
        let fits = |step: &f64| {
            let (from, to) = axis(*step);
            to - from <= 6.0
        };
        let step = steps.into_iter().find(fits).unwrap_or(20.0 * power);
        let (from, to) = axis(step);
        Self {
            step,
            from,
            to: to.max(from + 1.0),
            start,
            end,
        }
    }

    /// Where a value is.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (value / self.step - self.from) / (self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    /// The values to label, with their texts.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, String)> + use<> {
        let (step, from, to) = (self.step, self.from, self.to);
        let digits = usize::try_from(-step.log10().floor() as i64).unwrap_or(0);
        let large = step.abs() >= 1e6 || step.abs() < 1e-6;
        let count = usize::try_from((to - from) as i64).unwrap_or(0);
        (0..=count).map(move |at| {
            let value = step * (from + at as f64);
            let text = if large {
                format!("{value:e}")
            } else {
                format!("{value:.digits$}")
            };
            (value, text)
        })
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
    fn linear_axes_have_round_ticks() {
        let ticks = |values: &[f64]| -> Vec<String> {
            let scale = LinearScale::new(values.iter().copied(), 0.0, 100.0);
            scale.ticks().map(|(_, text)| text).collect()
        };
        assert_eq!(
            ticks(&[0.12, 0.57]),
            ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]
        );
        assert_eq!(ticks(&[-1.0, 3.0]), ["-1", "0", "1", "2", "3"]);
        assert_eq!(
            ticks(&[0.497, 0.5003]),
            ["0.497", "0.498", "0.499", "0.500", "0.501"]
        );
        assert_eq!(ticks(&[f64::NAN]).len(), 6);
        assert!(ticks(&[7.0]).len() >= 2);
        let scale = LinearScale::new([0.0, 10.0].into_iter(), 200.0, 100.0);
        assert!((scale.place(5.0) - 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_tight_axis_ends_where_its_values_do() {
        let scale = LogScale::tight([0.02, 30.0].into_iter(), 0.0, 100.0);
        assert!(scale.place(0.02).abs() < 1e-9 && (scale.place(30.0) - 100.0).abs() < 1e-9);
        assert_eq!(scale.ticks().collect::<Vec<_>>(), [0.1, 1.0, 10.0]);
        let short = LogScale::tight([0.2, 0.3].into_iter(), 0.0, 100.0);
        assert_eq!(short.ticks().collect::<Vec<_>>(), [0.1, 1.0]);
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

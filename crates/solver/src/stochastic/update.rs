//! How a gradient becomes a step: the rules of the optimizers.
//!
//! The formulas are those of Burn's optimizers (burn-optim 0.22.1), over numbers on the host: a
//! regression has a few dozen parameters, and a step costs less than one tensor operation would.

use serde::{Deserialize, Serialize};

use super::SettingError;

/// A rule with its settings.
///
/// Below, `g` is the gradient with the penalty's slope `λ(1-α)β` in it, `η` the learning rate and `t`
/// the step, from 1. All operations are by parameter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Rule {
    /// `θ ← θ - ηg` (Robbins, Monro 1951).
    Sgd,
    /// `v ← μv + g`, then `θ ← θ - ηv` (Polyak 1964), or `θ ← θ - η(g + μv)` after Nesterov
    /// (Sutskever et al. 2013).
    Momentum {
        /// `μ`: share of the velocity that a step keeps.
        momentum: f64,
        /// Whether to look ahead.
        nesterov: bool,
    },
    /// `m ← β₁m + (1-β₁)g`, `v ← β₂v + (1-β₂)g²`,
    /// `θ ← θ - η · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)` (Kingma, Ba 2015).
    Adam {
        /// `β₁`: memory of the gradient.
        beta1: f64,
        /// `β₂`: memory of its square.
        beta2: f64,
        /// `ε`: keeps the division finite.
        epsilon: f64,
        /// Whether `v` is the largest so far (Reddi, Kale, Kumar 2018).
        amsgrad: bool,
    },
    /// The same with decoupled decay: `g` is without the penalty, and `θ` shrinks by `1 - ηλ` first
    /// (Loshchilov, Hutter 2019). It settles elsewhere than at the objective's optimum.
    AdamW {
        /// `β₁`: memory of the gradient.
        beta1: f64,
        /// `β₂`: memory of its square.
        beta2: f64,
        /// `ε`: keeps the division finite.
        epsilon: f64,
        /// Whether `v` is the largest so far.
        amsgrad: bool,
    },
    /// `v ← αv + (1-α)g²`, `θ ← θ - η · g/(√v + ε)` (Tieleman, Hinton 2012).
    RmsProp {
        /// `α`: memory of the gradient's square.
        smoothing: f64,
        /// Share of the velocity that a step keeps; 0 for none.
        momentum: f64,
        /// Whether `v` is the variance rather than the mean square (Graves 2013).
        centered: bool,
        /// `ε`: keeps the division finite.
        epsilon: f64,
    },
    /// `s ← s + g²`, `θ ← θ - η · g/(√s + ε)` (Duchi, Hazan, Singer 2011).
    AdaGrad {
        /// `ε`: keeps the division finite.
        epsilon: f64,
    },
    /// Adam on the gradient and on its change (Xie et al. 2024): with `d = g - gₜ₋₁`,
    /// `m ← β₁m + (1-β₁)g`, `u ← β₂u + (1-β₂)d`, `v ← β₃v + (1-β₃)(g + β₂d)²`,
    /// `θ ← θ - η(m/(1-β₁ᵗ) + β₂u/(1-β₂ᵗ)) / (√(v/(1-β₃ᵗ)) + ε)`.
    Adan {
        /// `β₁`: memory of the gradient.
        beta1: f64,
        /// `β₂`: memory of its change.
        beta2: f64,
        /// `β₃`: memory of the square.
        beta3: f64,
        /// `ε`: keeps the division finite.
        epsilon: f64,
    },
    /// `θ ← θ - η sign(β₁m + (1-β₁)g)`, then `m ← β₂m + (1-β₂)g` (Chen et al. 2023).
    Lion {
        /// `β₁`: weight of the memory in a step.
        beta1: f64,
        /// `β₂`: memory of the gradient.
        beta2: f64,
    },
}

/// What a rule remembers from step to step: plain numbers, so that a run can be kept and resumed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Steps made.
    pub steps: u64,
    /// The mean gradient, or the velocity; as many as parameters, none where the rule has none.
    pub first: Vec<f64>,
    /// The mean square, or the sum of squares.
    pub second: Vec<f64>,
    /// The largest mean square, the mean change, or the velocity of `RmsProp`.
    pub third: Vec<f64>,
    /// The gradient before, negative; the mean gradient of a centered `RmsProp`.
    pub fourth: Vec<f64>,
}

impl Rule {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(self) -> Result<(), SettingError> {
        let memory = |setting, value: f64, remedy| {
            if (0.0..1.0).contains(&value) {
                return Ok(());
            }
            Err(SettingError {
                setting,
                value: value.to_string(),
                reason: "it is the share of the past that a step keeps: from 0 to less than 1",
                remedy,
            })
        };
        let small = |value: f64| {
            if value.is_finite() && value >= 0.0 {
                return Ok(());
            }
            Err(SettingError {
                setting: "epsilon",
                value: value.to_string(),
                reason: "it must be a number from 0 upwards",
                remedy: "--epsilon 1e-8",
            })
        };
        match self {
            Self::Sgd => Ok(()),
            Self::Momentum { momentum, .. } => memory("momentum", momentum, "--momentum 0.9"),
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                ..
            }
            | Self::AdamW {
                beta1,
                beta2,
                epsilon,
                ..
            } => {
                memory("beta1", beta1, "--beta1 0.9")?;
                memory("beta2", beta2, "--beta2 0.999")?;
                small(epsilon)
            }
            Self::RmsProp {
                smoothing,
                momentum,
                epsilon,
                ..
            } => {
                memory("smoothing", smoothing, "--smoothing 0.99")?;
                memory("momentum", momentum, "--momentum 0.9, or leave it out")?;
                small(epsilon)
            }
            Self::AdaGrad { epsilon } => small(epsilon),
            Self::Adan {
                beta1,
                beta2,
                beta3,
                epsilon,
            } => {
                memory("beta1", beta1, "--beta1 0.98")?;
                memory("beta2", beta2, "--beta2 0.92")?;
                memory("beta3", beta3, "--beta3 0.99")?;
                small(epsilon)
            }
            Self::Lion { beta1, beta2 } => {
                memory("beta1", beta1, "--beta1 0.9")?;
                memory("beta2", beta2, "--beta2 0.99")
            }
        }
    }

    /// Whether decay is no part of the gradient.
    pub fn is_decoupled(self) -> bool {
        matches!(self, Self::AdamW { .. })
    }

    /// Makes a step: `theta` and `moments` are moved on.
    ///
    /// `decay` holds for each parameter its weight `λ(1-α)` in the penalty `½ Σ decayⱼ θⱼ²`, 0 for an
    /// intercept; `gradient` is that of the loss alone, and is overwritten.
    ///
    /// # Shapes
    /// All `[parameters]`.
    ///
    /// # Examples
    /// The first step of Adam goes the learning rate's length, whatever the gradient's.
    /// ```
    /// use solver::stochastic::{Moments, Rule};
    ///
    /// let adam = Rule::Adam { beta1: 0.9, beta2: 0.999, epsilon: 0.0, amsgrad: false };
    /// let (mut theta, mut moments) = ([1.0, 1.0], Moments::default());
    /// adam.step(0.25, &[0.0, 0.0], &mut [4.0, -0.5], &mut moments, &mut theta);
    /// assert_eq!(theta, [0.75, 1.25]);
    /// ```
    #[allow(
        clippy::too_many_lines,
        reason = "a list of formulas, one for each rule, is read in one piece"
    )]
    pub fn step(
        self,
        rate: f64,
        decay: &[f64],
        gradient: &mut [f64],
        moments: &mut Moments,
        theta: &mut [f64],
    ) {
        let count = theta.len();
        moments.steps += 1;
        let steps = moments.steps;
        if self.is_decoupled() {
            for (value, decay) in theta.iter_mut().zip(decay) {
                *value *= 1.0 - rate * decay;
            }
        } else {
            for ((slope, value), decay) in gradient.iter_mut().zip(&*theta).zip(decay) {
                *slope += decay * value;
            }
        }
        let [first, second, third, fourth] = moments.room(self, count);
        match self {
            Self::Sgd => {
                for j in 0..count {
                    theta[j] -= rate * gradient[j];
                }
            }
            Self::Momentum { momentum, nesterov } => {
                for j in 0..count {
                    first[j] = gradient[j] + momentum * first[j];
                    let ahead = gradient[j] + momentum * first[j];
                    theta[j] -= rate * if nesterov { ahead } else { first[j] };
                }
            }
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                amsgrad,
            }
            | Self::AdamW {
                beta1,
                beta2,
                epsilon,
                amsgrad,
            } => {
                let (one, two) = (unbiased(beta1, steps), unbiased(beta2, steps));
                for j in 0..count {
                    let g = gradient[j];
                    first[j] = beta1 * first[j] + (1.0 - beta1) * g;
                    second[j] = beta2 * second[j] + (1.0 - beta2) * (g * g);
                    let square = if amsgrad {
                        third[j] = third[j].max(second[j]);
                        third[j]
                    } else {
                        second[j]
                    };
                    theta[j] -= rate * (first[j] / one) / ((square / two).sqrt() + epsilon);
                }
            }
            Self::RmsProp {
                smoothing,
                momentum,
                centered,
                epsilon,
            } => {
                for j in 0..count {
                    let g = gradient[j];
                    second[j] = smoothing * second[j] + (1.0 - smoothing) * (g * g);
                    let mut variance = second[j];
                    if centered {
                        fourth[j] = smoothing * fourth[j] + (1.0 - smoothing) * g;
                        variance -= fourth[j] * fourth[j];
                    }
                    let mut step = g / (variance.max(0.0).sqrt() + epsilon);
                    if momentum > 0.0 {
                        third[j] = momentum * third[j] + step;
                        step = third[j];
                    }
                    theta[j] -= rate * step;
                }
            }
            Self::AdaGrad { epsilon } => {
                for j in 0..count {
                    let g = gradient[j];
                    second[j] += g * g;
                    theta[j] -= rate * g / (second[j].sqrt() + epsilon);
                }
            }
            Self::Adan {
                beta1,
                beta2,
                beta3,
                epsilon,
            } => {
                let one = unbiased(beta1, steps);
                let (two, three) = (unbiased(beta2, steps), unbiased(beta3, steps));
                for j in 0..count {
                    let g = gradient[j];
                    // the first gradient has none before it
                    let change = if steps == 1 { 0.0 } else { g + fourth[j] };
                    let ahead = g + beta2 * change;
                    first[j] = beta1 * first[j] + (1.0 - beta1) * g;
                    third[j] = beta2 * third[j] + (1.0 - beta2) * change;
                    second[j] = beta3 * second[j] + (1.0 - beta3) * (ahead * ahead);
                    fourth[j] = -g;
                    let size = (second[j] / three).sqrt() + epsilon;
                    theta[j] -= rate * (first[j] / one + beta2 * third[j] / two) / size;
                }
            }
            Self::Lion { beta1, beta2 } => {
                for j in 0..count {
                    let g = gradient[j];
                    theta[j] -= rate * sign(beta1 * first[j] + (1.0 - beta1) * g);
                    first[j] = beta2 * first[j] + (1.0 - beta2) * g;
                }
            }
        }
    }
}

impl Moments {
    /// The memories, zero before the first step; those that a rule has no use for stay empty.
    fn room(&mut self, rule: Rule, count: usize) -> [&mut Vec<f64>; 4] {
        let uses = match rule {
            Rule::Sgd => [false; 4],
            Rule::Momentum { .. } | Rule::Lion { .. } => [true, false, false, false],
            Rule::Adam { amsgrad, .. } | Rule::AdamW { amsgrad, .. } => {
                [true, true, amsgrad, false]
            }
            Rule::RmsProp {
                momentum, centered, ..
            } => [false, true, momentum > 0.0, centered],
            Rule::AdaGrad { .. } => [false, true, false, false],
            Rule::Adan { .. } => [true; 4],
        };
        let memories = [
            &mut self.first,
            &mut self.second,
            &mut self.third,
            &mut self.fourth,
        ];
        memories.into_iter().zip(uses).for_each(|(memory, used)| {
            if used {
                memory.resize(count, 0.0);
            }
        });
        [
            &mut self.first,
            &mut self.second,
            &mut self.third,
            &mut self.fourth,
        ]
    }
}

/// `1 - βᵗ`: how much of a mean that starts at zero has come together.
fn unbiased(beta: f64, steps: u64) -> f64 {
    1.0 - beta.powf(steps as f64)
}

/// The sign, 0 of 0.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps from 1 along given gradients, with decay ½.
    fn walk(rule: Rule, gradients: [f64; 3]) -> Vec<f64> {
        let (mut theta, mut moments) = ([1.0], Moments::default());
        gradients
            .map(|g| {
                rule.step(0.1, &[0.5], &mut [g], &mut moments, &mut theta);
                theta[0]
            })
            .to_vec()
    }

    fn assert_walk(rule: Rule, expected: [f64; 3]) {
        let found = walk(rule, [1.0, -2.0, 0.5]);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{rule:?}: {found:?}");
        }
    }

    /// `torch.optim` of PyTorch 2.15.0: float64, `lr=0.1, weight_decay=0.5`, one parameter at 1, gradients
    /// 1, -2 and ½, everything else its default, `eps=1e-8`.
    #[test]
    fn steps_are_pytorchs() {
        assert_walk(Rule::Sgd, [0.85, 1.0075, 0.907_125]);
        let momentum = |nesterov| Rule::Momentum {
            momentum: 0.9,
            nesterov,
        };
        assert_walk(momentum(false), [0.85, 0.8725, 0.799_125]);
        assert_walk(momentum(true), [0.715, 0.905_575, 0.748_237_875]);
        let adam = |amsgrad| Rule::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            amsgrad,
        };
        let expected = [0.900_000_000_667, 0.906_901_518_866, 0.885_937_344_504];
        assert_walk(adam(false), expected);
        assert_walk(adam(true), expected);
        let adamw = Rule::AdamW {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            amsgrad: false,
        };
        assert_walk(adamw, [0.850_000_001, 0.844_110_353_422, 0.815_573_901_953]);
        let rmsprop = |momentum, centered| Rule::RmsProp {
            smoothing: 0.99,
            momentum,
            centered,
            epsilon: 1e-8,
        };
        let expected = [0.000_000_066_667, 0.801_443_929_474, 0.460_430_751_593];
        assert_walk(rmsprop(0.0, false), expected);
        let expected = [-0.005_037_747_919, -0.107_595_060_018, -0.376_629_418_343];
        assert_walk(rmsprop(0.9, true), expected);
        let expected = [0.900_000_000_667, 0.971_860_214_503, 0.930_288_118_604];
        assert_walk(Rule::AdaGrad { epsilon: 1e-8 }, expected);
    }

    #[test]
    fn an_intercept_does_not_decay() {
        for rule in every_rule() {
            let (mut theta, mut moments) = ([1.0, 1.0], Moments::default());
            rule.step(0.1, &[0.5, 0.0], &mut [0.0, 0.0], &mut moments, &mut theta);
            assert!(theta[0] < 1.0, "{rule:?}: {theta:?}");
            assert!((theta[1] - 1.0).abs() < 1e-300, "{rule:?}: {theta:?}");
        }
    }

    #[test]
    fn a_kept_state_goes_on_to_the_bit() {
        for rule in every_rule() {
            let step = |moments: &mut Moments, theta: &mut [f64], g: f64| {
                rule.step(0.05, &[0.3], &mut [g], moments, theta);
            };
            let (mut theta, mut moments) = ([0.7], Moments::default());
            (0..5).for_each(|i| step(&mut moments, &mut theta, f64::from(i) - 1.3));
            let kept = serde_json::to_string(&(theta[0], &moments)).unwrap();
            let (value, mut again): (f64, Moments) = serde_json::from_str(&kept).unwrap();
            let mut resumed = [value];
            for i in 0..5 {
                step(&mut moments, &mut theta, f64::from(i) * 0.2);
                step(&mut again, &mut resumed, f64::from(i) * 0.2);
            }
            assert_eq!(theta[0].to_bits(), resumed[0].to_bits(), "{rule:?}");
            assert_eq!(moments, again);
        }
    }

    fn every_rule() -> Vec<Rule> {
        let adam = |amsgrad| Rule::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            amsgrad,
        };
        let momentum = |nesterov| Rule::Momentum {
            momentum: 0.9,
            nesterov,
        };
        let rmsprop = |momentum, centered| Rule::RmsProp {
            smoothing: 0.99,
            momentum,
            centered,
            epsilon: 1e-8,
        };
        vec![
            Rule::Sgd,
            momentum(false),
            momentum(true),
            adam(false),
            adam(true),
            Rule::AdamW {
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                amsgrad: false,
            },
            rmsprop(0.0, false),
            rmsprop(0.9, true),
            Rule::AdaGrad { epsilon: 1e-8 },
            Rule::Adan {
                beta1: 0.98,
                beta2: 0.92,
                beta3: 0.99,
                epsilon: 1e-8,
            },
            Rule::Lion {
                beta1: 0.9,
                beta2: 0.99,
            },
        ]
    }
}

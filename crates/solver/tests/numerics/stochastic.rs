//! The mini-batch loop: it stops, resumes and averages as it says; and how long an epoch takes.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dataset::DesignMatrix;
use solver::stochastic::batches::order;
use solver::stochastic::{
    Measured, Pace, Rule, Schedule, Settings, State, Stopping, Trained, Watch, train,
};
use solver::{HostObjective, Objective, ObjectiveError, Problem, Status, TargetValues};

use crate::problems::{Example, LOSSES, Loss, ordinary};

/// Measures the objective, and keeps the state after every batch.
struct Keeper<'a, 'b> {
    objective: &'b HostObjective<'a, f64>,
    kept: Vec<String>,
    /// What early stopping is told, epoch by epoch, where it is not the objective.
    told: Vec<f64>,
}

impl Watch<ObjectiveError> for Keeper<'_, '_> {
    fn measure(&mut self, theta: &[f64]) -> Result<Measured, ObjectiveError> {
        let told = (!self.told.is_empty()).then(|| self.told.remove(0));
        Ok(Measured {
            objective: self.objective.value(theta)?,
            gradient_max: 0.0,
            validation_loss: None,
            watched: told,
        })
    }

    fn keep(&mut self, state: &State) -> Result<(), ObjectiveError> {
        self.kept.push(serde_json::to_string(state).unwrap());
        Ok(())
    }
}

const ADAM: Rule = Rule::Adam {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    amsgrad: false,
};

fn run(
    example: &Example,
    settings: &Settings,
    state: Option<State>,
    told: &[f64],
) -> (Trained, Vec<String>) {
    let objective = HostObjective::new(example.problem()).unwrap();
    let mut decay = vec![example.penalty.l2(); example.design.columns()];
    decay.push(0.0);
    let decay = decay.repeat(example.problem().target.outputs());
    let state = state.unwrap_or_else(|| State::new(vec![0.0; objective.dimension()]));
    let mut keeper = Keeper {
        objective: &objective,
        kept: Vec::new(),
        told: told.to_vec(),
    };
    let never = AtomicBool::new(false);
    let mut source = objective.clone();
    let trained = train(&mut source, settings, &decay, state, &never, &mut keeper).unwrap();
    (trained, keeper.kept)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Everything at once: a schedule with a memory, gradients of several batches, clipping, the average of
/// the last epochs, early stopping.
fn everything() -> Settings {
    Settings {
        epochs: 6,
        batch_size: 17,
        pace: Pace {
            schedule: Schedule::Plateau,
            warmup: 1,
            plateau_patience: 1,
            ..Pace::default()
        },
        clip: Some(0.3),
        accumulate: 2,
        average: 2,
        stopping: Some(Stopping {
            patience: 3,
            change: 0.0,
        }),
        seed: 9,
        ..Settings::new(ADAM, 0.2)
    }
}

#[test]
fn a_run_that_is_resumed_anywhere_ends_with_the_same_bits() {
    for loss in LOSSES {
        let example = ordinary(loss, 90, 4, true, 5);
        let settings = everything();
        let (whole, kept) = run(&example, &settings, None, &[]);
        // Early stopping may end a run before its last epoch.
        assert_eq!(kept.len(), whole.history.len() * 6, "every batch is kept");
        assert!(kept.len() >= 3 * 6, "{loss:?}: long enough to be cut");
        for (at, state) in kept.iter().enumerate() {
            let state = serde_json::from_str(state).unwrap();
            let (resumed, later) = run(&example, &settings, Some(state), &[]);
            assert_eq!(bits(&resumed.theta), bits(&whole.theta), "{loss:?} {at}");
            assert_eq!(resumed.best, whole.best);
            assert_eq!(later[..], kept[at + 1..], "{loss:?} {at}");
            let tail = whole.history.len() - resumed.history.len();
            assert_eq!(resumed.history[..], whole.history[tail..]);
        }
    }
}

/// The textbook's loop: gather a batch, average its gradient, step.
#[test]
fn descent_is_the_textbooks() {
    let example = ordinary(Loss::Binary, 50, 3, false, 2);
    let settings = Settings {
        epochs: 3,
        batch_size: 8,
        ..Settings::new(Rule::Sgd, 0.4)
    };
    let (trained, _) = run(&example, &settings, None, &[]);
    let TargetValues::Binary(targets) = example.problem().target else {
        panic!("two classes");
    };
    let mut theta = [0.0; 4];
    for epoch in 1..=3 {
        for batch in order(50, 8, 0, epoch).chunks(8) {
            let mut gradient = [0.0; 4];
            for &row in batch {
                let cells = example.design.row(row);
                let score: f64 =
                    cells.iter().zip(&theta).map(|(x, b)| x * b).sum::<f64>() + theta[3];
                let residual = 1.0 / (1.0 + (-score).exp()) - targets[row];
                for (g, x) in gradient.iter_mut().zip(cells.iter().chain(&[1.0])) {
                    *g += residual * x / batch.len() as f64;
                }
            }
            for j in 0..4 {
                let decay = if j < 3 { 0.05 * theta[j] } else { 0.0 };
                theta[j] -= 0.4 * (gradient[j] + decay);
            }
        }
    }
    for (found, expected) in trained.theta.iter().zip(theta) {
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }
}

/// Two batches of eight that wait for one another are one of sixteen.
#[test]
fn accumulated_gradients_are_those_of_a_larger_batch() {
    let example = ordinary(Loss::Linear, 64, 3, false, 4);
    let few = Settings {
        epochs: 4,
        batch_size: 8,
        accumulate: 2,
        ..Settings::new(ADAM, 0.1)
    };
    let many = Settings {
        batch_size: 16,
        accumulate: 1,
        ..few.clone()
    };
    let (few, _) = run(&example, &few, None, &[]);
    let (many, _) = run(&example, &many, None, &[]);
    for (found, expected) in few.theta.iter().zip(&many.theta) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
    assert_eq!(few.state.moments.steps, 16);
}

#[test]
fn a_clipped_step_of_descent_is_as_long_as_the_clip_allows() {
    let example = ordinary(Loss::Linear, 40, 3, false, 6);
    let settings = Settings {
        epochs: 1,
        batch_size: 40,
        clip: Some(1e-3),
        ..Settings::new(Rule::Sgd, 0.5)
    };
    let (trained, _) = run(&example, &settings, None, &[]);
    let length = trained.theta.iter().map(|t| t * t).sum::<f64>().sqrt();
    assert!((length - 0.5e-3).abs() < 1e-15, "{length}");
}

#[test]
fn the_average_is_that_of_the_last_epochs_steps() {
    let example = ordinary(Loss::Binary, 40, 2, false, 8);
    let settings = Settings {
        epochs: 3,
        batch_size: 10,
        average: 2,
        ..Settings::new(Rule::Sgd, 1.0)
    };
    let (trained, kept) = run(&example, &settings, None, &[]);
    let states: Vec<State> = kept
        .iter()
        .map(|state| serde_json::from_str(state).unwrap())
        .collect();
    let last = &states[4..];
    assert_eq!(last.len(), 8);
    for (j, found) in trained.theta.iter().enumerate() {
        let mean = last.iter().map(|state| state.theta[j]).sum::<f64>() / 8.0;
        assert!((found - mean).abs() < 1e-14, "{found} {mean}");
    }
    assert!(trained.theta != trained.state.theta);
}

#[test]
fn early_stopping_keeps_the_best_epoch() {
    let example = ordinary(Loss::Binary, 40, 2, false, 8);
    let settings = Settings {
        epochs: 20,
        batch_size: 10,
        stopping: Some(Stopping {
            patience: 3,
            change: 0.0,
        }),
        ..Settings::new(Rule::Sgd, 0.5)
    };
    let told = [5.0, 4.0, 3.0, 3.5, 3.2, 3.1, 1.0, 1.0];
    let (trained, kept) = run(&example, &settings, None, &told);
    assert_eq!((trained.best, trained.history.len()), (Some(3), 6));
    assert_eq!(trained.status, Status::Completed);
    let third: State = serde_json::from_str(&kept[11]).unwrap();
    assert_eq!((third.epoch, third.batch), (3, 0));
    assert_eq!(bits(&trained.theta), bits(&third.theta));
}

#[test]
fn a_plateau_lowers_the_rate() {
    let example = ordinary(Loss::Binary, 40, 2, false, 8);
    let settings = Settings {
        epochs: 6,
        batch_size: 40,
        pace: Pace {
            schedule: Schedule::Plateau,
            plateau_patience: 2,
            decay_factor: 0.1,
            ..Pace::default()
        },
        ..Settings::new(Rule::Sgd, 0.5)
    };
    let (trained, _) = run(&example, &settings, None, &[2.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    let rates: Vec<f64> = trained
        .history
        .iter()
        .map(|line| line.learning_rate)
        .collect();
    let expected = [0.5, 0.5, 0.5, 0.5, 0.05, 0.05];
    for (found, expected) in rates.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-15, "{rates:?}");
    }
}

#[test]
fn a_run_that_is_no_number_any_more_has_diverged_and_answers_with_its_last_numbers() {
    let example = ordinary(Loss::Linear, 40, 2, false, 8);
    let settings = Settings {
        epochs: 400,
        batch_size: 10,
        ..Settings::new(Rule::Sgd, 1e3)
    };
    let (trained, _) = run(&example, &settings, None, &[]);
    assert_eq!(trained.status, Status::Diverged);
    assert!(trained.theta.iter().all(|value| value.is_finite()));
    assert_eq!(trained.history.len(), trained.state.epoch);
}

#[test]
fn settings_without_sense_are_refused_by_name() {
    let good = Settings::new(Rule::Sgd, 0.1);
    let bad = |change: fn(&mut Settings)| {
        let mut settings = good.clone();
        change(&mut settings);
        settings.check(1000).unwrap_err().to_string()
    };
    assert!(good.check(1000).is_ok());
    let cases: [(String, &str); 11] = [
        (bad(|s| s.learning_rate = 0.0), "learning-rate 0"),
        (bad(|s| s.learning_rate = f64::NAN), "learning-rate NaN"),
        (bad(|s| s.learning_rate = -1.0), "learning-rate -1"),
        (bad(|s| s.epochs = 0), "epochs 0"),
        (bad(|s| s.batch_size = 0), "batch-size 0"),
        (bad(|s| s.batch_size = 1001), "batch-size 1001"),
        (bad(|s| s.clip = Some(f64::INFINITY)), "clip-norm inf"),
        (bad(|s| s.accumulate = 0), "accumulate 0"),
        (bad(|s| s.average = 31), "average 31"),
        (
            bad(|s| {
                s.rule = Rule::Momentum {
                    momentum: 1.0,
                    nesterov: false,
                }
            }),
            "momentum 1",
        ),
        (
            bad(|s| {
                s.stopping = Some(Stopping {
                    patience: 0,
                    change: 0.0,
                });
            }),
            "patience 0",
        ),
    ];
    for (message, start) in cases {
        assert!(message.starts_with(start), "{message}");
    }
}

/// Looks at nothing.
struct Quiet;

impl Watch<ObjectiveError> for Quiet {
    fn measure(&mut self, _: &[f64]) -> Result<Measured, ObjectiveError> {
        Ok(Measured {
            objective: 0.0,
            gradient_max: 0.0,
            validation_loss: None,
            watched: None,
        })
    }
}

#[test]
#[ignore = "measures, and asserts nothing"]
fn speed_of_an_epoch() {
    let (rows, columns) = (1_000_000, 28);
    let mut seed = 1_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let cells: Vec<f32> = (0..rows * columns).map(|_| next()).collect();
    let design = DesignMatrix::new(rows, columns, cells).unwrap();
    let targets: Vec<f64> = (0..rows)
        .map(|_| f64::from(u8::from(next() > 0.0)))
        .collect();
    let problem = Problem::new(&design, TargetValues::Binary(&targets));
    let mut objective = HostObjective::new(problem).unwrap();
    let decay = vec![1e-6; columns + 1];
    for rule in [Rule::Sgd, ADAM] {
        let settings = Settings {
            epochs: 5,
            ..Settings::new(rule, 0.01)
        };
        let begin = Instant::now();
        let state = State::new(vec![0.0; columns + 1]);
        let never = AtomicBool::new(false);
        train(&mut objective, &settings, &decay, state, &never, &mut Quiet).unwrap();
        let seconds = begin.elapsed().as_secs_f64() / 5.0;
        println!("{rule:?}: {:.1} ms an epoch", 1e3 * seconds);
    }
    let begin = Instant::now();
    let mut sum = 0;
    for epoch in 0..5 {
        sum += order(rows, 256, 0, epoch)[0];
    }
    println!(
        "shuffle {:.1} ms ({sum})",
        1e3 * begin.elapsed().as_secs_f64() / 5.0
    );
}

//! How long an epoch of mini-batches takes, beside one read of the rows.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dataset::DesignMatrix;
use solver::stochastic::{Measured, Rule, Settings, State, Watch, train};
use solver::{HostObjective, ObjectiveError, Problem, TargetValues};

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
    for rule in [
        Rule::Sgd,
        Rule::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            amsgrad: false,
        },
    ] {
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
        sum += solver::stochastic::batches::order(rows, 256, 0, epoch)[0];
    }
    println!(
        "shuffle {:.1} ms ({sum})",
        1e3 * begin.elapsed().as_secs_f64() / 5.0
    );
}

//! Nasty random problems: no panic, no NaN, no "converged" that is not.

use proptest::prelude::*;
use solver::{
    Fit, HostObjective, Newton, Objective, Penalty, Status, Stop, Verdict, dependences, fit,
    separation,
};

use crate::problems::{Example, LOSSES, Loss, Target, nasty};

fn solve(example: &Example) -> Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    fit(&objective, &Newton::default(), &start, &Stop::default()).unwrap()
}

fn check(example: &Example) -> Result<(), TestCaseError> {
    let found = solve(example);
    let solution = &found.solution;
    prop_assert!(solution.theta.iter().all(|t| t.is_finite()));
    prop_assert!(solution.objective.is_finite() && solution.gradient_max.is_finite());
    let certificate = &found.certificate;
    let numbers = [
        Some(certificate.gradient_max),
        certificate.newton_decrement,
        certificate.radius,
        certificate.precondition,
        certificate.score_error,
        certificate.probability_error,
    ];
    prop_assert!(
        numbers
            .into_iter()
            .flatten()
            .all(|x| x.is_finite() && x >= 0.0)
    );
    prop_assert_eq!(certificate.holds(), certificate.reason.is_none());
    let objective = HostObjective::new(example.problem()).unwrap();
    match solution.status {
        Status::Converged => {
            prop_assert!(certificate.holds());
            // the certificate says how near; most of it is rounding where the certificate is wide
            let size = match &example.target {
                Target::Linear(y) => y.iter().fold(1.0, |most: f64, y| most.max(y.abs())),
                _ => 1.0,
            };
            prop_assert!(
                certificate.score_error.unwrap() < 0.1 * size,
                "{:?}",
                certificate
            );
            if example.penalty.lambda == 0.0 {
                prop_assert_eq!(separation(&objective, None).unwrap(), Verdict::Overlap);
                prop_assert!(dependences(&objective).unwrap().is_empty());
            }
        }
        Status::Separated => {
            let separated = matches!(found.diagnosis.separation, Some(Verdict::Separated(_)));
            prop_assert!(separated && !certificate.holds());
        }
        Status::Collinear => {
            prop_assert!(!found.diagnosis.dependences.is_empty());
            prop_assert_eq!(certificate.holds(), solution.detail.is_none());
        }
        Status::IterationLimit => prop_assert!(solution.detail.is_some()),
        other => prop_assert!(false, "{}", other),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nasty_problems_end_with_an_honest_status(seed in any::<u64>(), loss in 0..3_usize) {
        check(&nasty(LOSSES[loss], seed))?;
    }

    #[test]
    fn huge_and_tiny_numbers_too(seed in any::<u64>(), loss in 0..3_usize, exponent in -150..150_i32) {
        let mut example = nasty(LOSSES[loss], seed);
        let unit = 10.0_f64.powi(exponent);
        let values = example.design.values().iter().enumerate();
        let values = values.map(|(i, x)| if i % 2 == 0 { x * unit } else { *x }).collect();
        let (rows, columns) = (example.design.rows(), example.design.columns());
        example.design = dataset::DesignMatrix::new(rows, columns, values).unwrap();
        let found = solve(&example);
        prop_assert!(found.solution.theta.iter().all(|t| t.is_finite()));
        let converged = found.solution.status == Status::Converged;
        prop_assert!(!converged || found.certificate.holds());
    }

    #[test]
    fn a_hopeless_penalty_is_not_called_converged_in_vain(seed in any::<u64>(), lambda in -300..-8_i32) {
        let mut example = nasty(Loss::Binary, seed);
        example.penalty = Penalty::ridge(10.0_f64.powi(lambda));
        let found = solve(&example);
        prop_assert!(found.solution.theta.iter().all(|t| t.is_finite()));
        let converged = found.solution.status == Status::Converged;
        prop_assert!(!converged || found.certificate.holds());
    }
}

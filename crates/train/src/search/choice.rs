//! The best of all settings.

use solver::Rule;

use super::trial::Tried;

/// A penalty of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Which trial.
    pub(super) trial: usize,
    /// Which of its penalties.
    pub(super) at: usize,
}

/// The trial with the smallest loss, and of its penalties the one that the rule takes; of equal ones the first.
pub(super) fn best(tried: &[Tried], rule: Rule) -> Option<Candidate> {
    let least = |one: &Tried| {
        let at = one.found.best(Rule::Minimum)?;
        one.found.scores[at].mean
    };
    let trials = tried.iter().enumerate();
    let (trial, _) = trials
        .filter_map(|(at, one)| Some((at, least(one)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let at = tried[trial].found.best(rule)?;
    Some(Candidate { trial, at })
}

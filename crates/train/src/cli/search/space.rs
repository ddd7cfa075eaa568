//! The combinations to try: `--vary OPTION=VALUES`.

use std::collections::BTreeSet;

use clap::{Arg, ArgAction, Command};
use dataset::suggestion::nearest;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use terminal::{Exit, Failure};

/// Options of these kinds change what is fitted, and neither the rows nor where results go.
const HEADINGS: [&str; 3] = ["Method", MINI_BATCHES, "Encoding"];

/// The heading of options for stochastic solvers.
const MINI_BATCHES: &str = "Mini-batches";

/// Those among them that change nothing that could be better or worse.
const NOT_SETTINGS: [&str; 2] = ["threads", "time-limit"];

/// Combinations beyond which a grid is more likely a mistake.
const LARGEST_GRID: usize = 10_000;

/// What is said once of an option.
#[derive(Debug, PartialEq)]
struct Dimension {
    option: String,
    values: Values,
}

#[derive(Debug, PartialEq)]
enum Values {
    /// These.
    Listed(Vec<String>),
    /// Any number between two.
    Between { from: f64, to: f64, log: bool },
    /// Any whole number between two, both included.
    Whole { from: i64, to: i64, log: bool },
}

/// Options and values, as they are typed.
pub(super) type Settings = Vec<(String, String)>;

/// All combinations, or so many at random; one of nothing where nothing varies.
pub(super) fn combinations(
    command: &Command,
    vary: &[String],
    trials: Option<usize>,
    seed: u64,
) -> Result<Vec<Settings>, Failure> {
    let mut dimensions: Vec<Dimension> = Vec::new();
    for written in vary {
        let dimension = dimension(command, written)?;
        if dimensions.iter().any(|one| one.option == dimension.option) {
            let message = format!("--vary {written}: {} is varied already", dimension.option);
            return Err(usage(message, "say all of its values at once"));
        }
        dimensions.push(dimension);
    }
    match trials {
        Some(0) => Err(usage(
            "--trials 0: there is nothing to try".to_owned(),
            "--trials 20",
        )),
        Some(count) => Ok(at_random(&dimensions, count, seed)),
        None => grid(&dimensions),
    }
}

/// Whether an option is one of mini-batches, which a solver on all rows does not look at.
pub(super) fn is_of_mini_batches(command: &Command, option: &str) -> bool {
    let named = options(command).find(|(name, _)| *name == option);
    named.is_some_and(|(_, argument)| argument.get_help_heading() == Some(MINI_BATCHES))
}

fn usage(message: String, remedy: &str) -> Failure {
    Failure::new(message, Exit::Usage).with_remedy(Some(remedy))
}

/// The options that can be varied.
fn options(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    command.get_arguments().filter_map(|argument| {
        let heading = argument.get_help_heading()?;
        let name = argument.get_long()?;
        let varies = HEADINGS.contains(&heading) && !NOT_SETTINGS.contains(&name);
        varies.then_some((name, argument))
    })
}

fn dimension(command: &Command, written: &str) -> Result<Dimension, Failure> {
    let example = "--vary learning-rate=0.1,0.01";
    let Some((option, values)) = written.split_once('=') else {
        return Err(usage(
            format!("--vary {written}: it has no values"),
            example,
        ));
    };
    let option = option.trim().trim_start_matches("--");
    let Some((_, argument)) = options(command).find(|(name, _)| *name == option) else {
        let names: Vec<&str> = options(command).map(|(name, _)| name).collect();
        let remedy = match nearest(option, names.iter().copied()) {
            Some(near) => format!("--vary {near}={values}"),
            None => format!("one of {}", names.join(", ")),
        };
        let message = format!("--vary {written}: there is no setting `{option}` to vary");
        return Err(usage(message, &remedy));
    };
    let values = match range(written, values)? {
        Some(range) => range,
        None => Values::Listed(list(written, values)?),
    };
    if let (ArgAction::SetTrue, values) = (argument.get_action(), &values) {
        let known = |value: &String| ["true", "false"].contains(&value.as_str());
        if !matches!(values, Values::Listed(list) if list.iter().all(known)) {
            let message = format!("--vary {written}: {option} is either there or not");
            return Err(usage(message, &format!("--vary {option}=true,false")));
        }
    }
    Ok(Dimension {
        option: option.to_owned(),
        values,
    })
}

fn list(written: &str, values: &str) -> Result<Vec<String>, Failure> {
    let list: Vec<String> = values.split(',').map(|one| one.trim().to_owned()).collect();
    if list.iter().any(String::is_empty) {
        let message = format!("--vary {written}: a value is empty");
        return Err(usage(message, "--vary learning-rate=0.1,0.01"));
    }
    let different: BTreeSet<&String> = list.iter().collect();
    if different.len() < list.len() {
        let message = format!("--vary {written}: a value is there twice");
        return Err(usage(message, "leave one of them out"));
    }
    Ok(list)
}

/// `FROM..TO`, perhaps with `:log` behind it.
fn range(written: &str, values: &str) -> Result<Option<Values>, Failure> {
    let Some((from, rest)) = values.split_once("..") else {
        return Ok(None);
    };
    let (to, log) = match rest.split_once(':') {
        None => (rest, false),
        Some((to, "log")) => (to, true),
        Some((to, "linear")) => (to, false),
        Some((_, other)) => {
            let message = format!("--vary {written}: there is no scale `{other}`");
            return Err(usage(message, ":log, or nothing"));
        }
    };
    let wrong = |reason: &str| {
        let message = format!("--vary {written}: {reason}");
        Err(usage(message, "--vary learning-rate=0.001..0.1:log"))
    };
    let (from, to) = (from.trim(), to.trim());
    let (Ok(low), Ok(high)) = (from.parse::<f64>(), to.parse::<f64>()) else {
        return wrong("a range goes from one number to another");
    };
    if !(low.is_finite() && high.is_finite() && low < high) {
        return wrong("a range goes from a number to a larger one");
    }
    if log && low <= 0.0 {
        return wrong("zero and negative numbers have no logarithm");
    }
    Ok(Some(match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) => Values::Whole { from, to, log },
        _ => Values::Between {
            from: low,
            to: high,
            log,
        },
    }))
}

/// Every combination; the last option changes fastest.
fn grid(dimensions: &[Dimension]) -> Result<Vec<Settings>, Failure> {
    let mut all: Vec<Settings> = vec![Vec::new()];
    for dimension in dimensions {
        let Values::Listed(values) = &dimension.values else {
            let message = format!("--vary {}: a range has no end of values", dimension.option);
            return Err(usage(message, "--trials 20, or a list of values"));
        };
        if all.len() * values.len() > LARGEST_GRID {
            let message = format!("the grid has more than {LARGEST_GRID} combinations");
            return Err(usage(message, "--trials 100 tries some of them at random"));
        }
        all = all
            .into_iter()
            .flat_map(|before| {
                values.iter().map(move |value| {
                    let mut settings = before.clone();
                    settings.push((dimension.option.clone(), value.clone()));
                    settings
                })
            })
            .collect();
    }
    Ok(all)
}

/// Combinations drawn one by one, each option by itself; the same for the same seed. Where only lists vary,
/// none is drawn twice, so that there may be fewer.
fn at_random(dimensions: &[Dimension], count: usize, seed: u64) -> Vec<Settings> {
    /// Draws in a row that bring nothing new before the space counts as exhausted.
    const PATIENCE: usize = 1000;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    let mut idle = 0;
    while all.len() < count && idle < PATIENCE {
        let settings: Settings = dimensions
            .iter()
            .map(|one| (one.option.clone(), one.values.draw(&mut random)))
            .collect();
        if seen.insert(settings.clone()) {
            all.push(settings);
            idle = 0;
        } else {
            idle += 1;
        }
    }
    all
}

impl Values {
    fn draw(&self, random: &mut ChaCha8Rng) -> String {
        let mut share = || random.random::<f64>();
        match self {
            Self::Listed(values) => values[random.random_range(0..values.len())].clone(),
            Self::Between { from, to, log } => between(*from, *to, *log, share()).to_string(),
            Self::Whole {
                from,
                to,
                log: false,
            } => random.random_range(*from..=*to).to_string(),
            Self::Whole {
                from,
                to,
                log: true,
            } => {
                let (low, high) = (*from as f64, *to as f64 + 1.0);
                let drawn = between(low, high, true, share()).floor();
                drawn.clamp(low, high - 1.0).to_string()
            }
        }
    }
}

/// The number at a share of the way, with four digits, which are enough to type again.
fn between(from: f64, to: f64, log: bool, share: f64) -> f64 {
    let exact = if log {
        from * (to / from).powf(share)
    } else {
        from + (to - from) * share
    };
    let rounded: f64 = format!("{exact:.3e}").parse().unwrap_or(exact);
    rounded.clamp(from, to)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    fn combined(vary: &[&str], trials: Option<usize>) -> Result<Vec<Settings>, String> {
        let mut command = Cli::command();
        command.build();
        let search = command.find_subcommand("search").unwrap();
        let vary: Vec<String> = vary.iter().map(ToString::to_string).collect();
        combinations(search, &vary, trials, 7).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_grid_is_every_combination() {
        let all = combined(&["solver=sgd,adam", "batch-size=32,64"], None).unwrap();
        let words: Vec<String> = all
            .iter()
            .map(|settings| format!("{} {}", settings[0].1, settings[1].1))
            .collect();
        assert_eq!(words, ["sgd 32", "sgd 64", "adam 32", "adam 64"]);
        assert_eq!(combined(&[], None).unwrap(), [Settings::new()]);
    }

    #[test]
    fn random_combinations_stay_within_their_ranges_and_follow_the_seed() {
        let space = [
            "learning-rate=0.001..0.1:log",
            "batch-size=8..64",
            "epochs=5,10",
        ];
        let all = combined(&space, Some(200)).unwrap();
        assert_eq!(all, combined(&space, Some(200)).unwrap());
        assert_eq!(all.len(), 200);
        let rates: Vec<f64> = all.iter().map(|one| one[0].1.parse().unwrap()).collect();
        assert!(rates.iter().all(|rate| (0.001..=0.1).contains(rate)));
        // Half of the logarithms are below the middle one, 0.01.
        let below = rates.iter().filter(|&&rate| rate < 0.01).count();
        assert!((70..130).contains(&below), "{below}");
        let sizes: Vec<usize> = all.iter().map(|one| one[1].1.parse().unwrap()).collect();
        assert!(sizes.iter().all(|size| (8..=64).contains(size)));
        assert_eq!(sizes.iter().min(), Some(&8));
        // Four combinations are all there are.
        assert_eq!(
            combined(&["epochs=1,2", "batch-size=8,9"], Some(50))
                .unwrap()
                .len(),
            4
        );
    }

    #[test]
    fn mistakes_say_what_to_type() {
        for (vary, trials, essentials) in [
            (
                &["learning-rat=1"][..],
                None,
                ["no setting `learning-rat`", "--vary learning-rate=1"],
            ),
            (
                &["epochs"],
                None,
                ["it has no values", "--vary learning-rate=0.1,0.01"],
            ),
            (&["epochs="], None, ["a value is empty", "--vary"]),
            (&["epochs=1,1"], None, ["there twice", "leave one"]),
            (
                &["epochs=1", "epochs=2"],
                None,
                ["varied already", "at once"],
            ),
            (&["epochs=1..9"], None, ["has no end", "--trials 20"]),
            (
                &["learning-rate=0..1:log"],
                Some(3),
                ["no logarithm", "0.001..0.1:log"],
            ),
            (
                &["learning-rate=1..0.5"],
                Some(3),
                ["to a larger one", "0.001..0.1"],
            ),
            (
                &["learning-rate=1..2:cubic"],
                Some(3),
                ["no scale `cubic`", ":log"],
            ),
            (
                &["no-intercept=yes"],
                None,
                ["either there or not", "=true,false"],
            ),
            (&["target=a,b"], None, ["no setting `target`", "one of"]),
            (&["epochs=1,2"], Some(0), ["nothing to try", "--trials 20"]),
        ] {
            let message = combined(vary, trials).unwrap_err();
            let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
            for essential in essentials {
                assert!(message.contains(essential), "{vary:?}: {message}");
            }
        }
    }
}

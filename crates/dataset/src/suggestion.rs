//! The name that was probably meant, and how a next step is worded.

use crate::number::grouped;

/// Longest name that is compared: nobody mistypes more.
const LONGEST: usize = 200;

/// The candidate nearest to `name`, if one is near enough to be worth naming.
///
/// Distance is Damerau-Levenshtein without regard to case; a candidate that contains the whole
/// name counts as one edit. Ties go to the earlier candidate.
///
/// # Examples
/// ```
/// let columns = ["income", "diagnosis"];
/// assert_eq!(dataset::suggestion::nearest("diagnoses", columns), Some("diagnosis"));
/// assert_eq!(dataset::suggestion::nearest("weight", columns), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let wanted_length = wanted.chars().count();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .filter_map(|candidate| {
            let lowered = candidate.to_lowercase();
            let distance = if wanted_length >= 3 && lowered.contains(&wanted) {
                usize::from(lowered != wanted)
            } else {
                strsim::damerau_levenshtein(&wanted, &lowered)
            };
            let longer = wanted_length.max(lowered.chars().count());
            (distance <= 1 + wanted_length / 3 && distance < longer)
                .then_some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// A name as one argument of a command.
pub(crate) fn argument(name: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "_-.:/".contains(character);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

/// The first few of the names.
pub(crate) fn one_of(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<_> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more > 0 {
        format!(" and {} more", grouped(more))
    } else {
        String::new()
    };
    format!("one of {}{rest}", shown.join(", "))
}

pub(crate) fn nearest_text(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (nearest: `{name}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_whatever_their_case() {
        let columns = ["sex", "species", "body_mass_g"];
        assert_eq!(nearest("Sex", columns), Some("sex"));
        assert_eq!(nearest("specis", columns), Some("species"));
        assert_eq!(nearest("body_mass", columns), Some("body_mass_g"));
    }

    #[test]
    fn far_names_are_not() {
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("petal", ["sex", "year"]), None);
        assert_eq!(nearest("petal", []), None);
        assert_eq!(nearest(&"x".repeat(5_000_000), ["x"]), None);
    }

    #[test]
    fn names_are_quoted_where_a_shell_needs_it() {
        assert_eq!(argument("income"), "income");
        assert_eq!(argument("mean radius"), "'mean radius'");
        assert_eq!(argument("it's"), r"'it'\''s'");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<_> = (0..14).map(|position| format!("c{position}")).collect();
        assert_eq!(one_of(&names[..2]), "one of c0, c1");
        assert!(one_of(&names).ends_with("c11 and 2 more"));
    }
}

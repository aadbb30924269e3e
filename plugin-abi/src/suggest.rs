//! "Did you mean": the known word nearest to an unknown one.

/// The word of `known` that `typed` was most likely meant to be, if any is near.
///
/// Nearness is Damerau–Levenshtein distance, at most a third of the word.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (typed.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(typed, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_wins_and_strangers_are_not_proposed() {
        let known = ["deps", "outs", "tools"];
        assert_eq!(did_you_mean("dep", known), Some("deps"));
        assert_eq!(
            did_you_mean("ouputs", ["outputs", "inputs"]),
            Some("outputs")
        );
        assert_eq!(did_you_mean("visibility", known), None);
    }
}

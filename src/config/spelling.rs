//! Suggestions for misspelt words.

/// Returns the candidate nearest to `word`, ignoring case, if the edit distance is at most a third
/// of its length (at least 1).
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > MAX_BYTES {
        return None;
    }
    let lower = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&lower, candidate);
    let near = |candidate: &&str| distance(candidate) <= (candidate.len() / 3).max(1);
    candidates
        .filter(near)
        .min_by_key(|candidate| distance(candidate))
}

/// Maximum length of a word that is compared; every key is far shorter.
const MAX_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_candidate_and_another_word_finds_none() {
        let keys = || ["hosts", "upstream", "access", "hsts"].into_iter();
        assert_eq!(nearest("upstrem", keys()), Some("upstream"));
        assert_eq!(nearest("host", keys()), Some("hosts"));
        assert_eq!(nearest("ACCESS", keys()), Some("access"));
        assert_eq!(nearest("acme", keys()), None);
        assert_eq!(nearest(&"upstream".repeat(1000), keys()), None);
    }
}

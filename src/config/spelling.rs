//! What a misspelt word was probably meant to be.

/// The candidate nearest to `word` in any case, if it is near enough for a slip of the fingers.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&lower, candidate);
    let near = |candidate: &&str| distance(candidate) <= (candidate.len() / 3).max(1);
    candidates
        .filter(near)
        .min_by_key(|candidate| distance(candidate))
}

/// Bytes of a word that is compared at all; every key is far shorter.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_and_another_word_finds_none() {
        let keys = || ["hosts", "upstream", "access", "hsts"].into_iter();
        assert_eq!(nearest("upstrem", keys()), Some("upstream"));
        assert_eq!(nearest("host", keys()), Some("hosts"));
        assert_eq!(nearest("ACCESS", keys()), Some("access"));
        assert_eq!(nearest("acme", keys()), None);
        assert_eq!(nearest(&"upstream".repeat(1000), keys()), None);
    }
}

//! What an entry of the store is called, safely for any file system and any object store.

use aws_lc_rs::digest::{SHA256, digest};

/// What kind of thing an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An account at a CA, with its key.
    Account,
    /// A certificate set; the only kind of which the two before are kept.
    Certificate,
    /// An order under way.
    Order,
    /// What happened with a certificate set so far.
    History,
    /// The DNS records made for challenges.
    Records,
}

/// The name of something the store keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    kind: Kind,
    key: String,
}

/// The longest key; a file system takes 255 bytes, and endings are put to it.
const LONGEST: usize = 180;
/// How much of a longer name stays readable.
const READABLE: usize = 100;

impl Entry {
    /// The entry of that name, such as `*.example.org`, `fd00::5` or a URL.
    #[must_use]
    pub fn new(kind: Kind, name: &str) -> Self {
        let key = key(name);
        Self { kind, key }
    }

    /// The entry of a key that was read from a store.
    pub(super) fn of_key(kind: Kind, key: &str) -> Self {
        let key = key.to_owned();
        Self { kind, key }
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name as the store spells it: ASCII in lower case, never empty, no two names alike.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Kind {
    /// The kind as a word for a folder or a prefix.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Certificate => "certificate",
            Self::Order => "order",
            Self::History => "history",
            Self::Records => "records",
        }
    }
}

/// An escape is `_` and two digits, so neither `_empty` nor `_sha256_` is made by one.
fn key(name: &str) -> String {
    let mut key = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => key.push(byte.into()),
            b'.' if !key.is_empty() => key.push('.'),
            _ => key.push_str(&format!("_{byte:02x}")),
        }
    }
    match key.len() {
        0 => "_empty".into(),
        1..=LONGEST => key,
        _ => shortened(&key, name),
    }
}

fn shortened(key: &str, name: &str) -> String {
    let hash = digest(&SHA256, name.as_bytes());
    let begin = key.get(..READABLE).unwrap_or_default();
    let hex: Vec<_> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{begin}_sha256_{}", hex.concat())
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn key_of(name: &str) -> String {
        Entry::new(Kind::Certificate, name).key().to_owned()
    }

    #[test]
    fn names_stay_readable() {
        assert_eq!(key_of("home.example.org"), "home.example.org");
        assert_eq!(key_of("*.example.org"), "_2a.example.org");
        assert_eq!(key_of("fd00::5"), "fd00_3a_3a5");
        assert_eq!(key_of("..").as_str(), "_2e.");
    }

    #[test]
    fn long_names_that_begin_alike_are_told_apart() {
        let (one, two) = ("a".repeat(300), "a".repeat(301));
        assert_ne!(key_of(&one), key_of(&two));
        assert!(key_of(&one).len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn keys_are_safe_and_no_two_names_share_one(one in any::<String>(), two in any::<String>()) {
            let key = key_of(&one);
            prop_assert!(!key.is_empty() && key.len() <= LONGEST && !key.starts_with('.'));
            let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
            prop_assert!(key.chars().all(is_safe), "{key}");
            prop_assert_eq!(one == two, key == key_of(&two));
        }
    }
}

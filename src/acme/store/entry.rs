//! The name of a store entry, safe for every file system and object store.

use aws_lc_rs::digest::{SHA256, digest};

/// The kind of content of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An account at a CA, with its key.
    Account,
    /// A certificate with its key; the only kind of which the store has two older contents.
    Certificate,
    /// A pending order.
    Order,
    /// The history of a certificate.
    History,
    /// The DNS records of challenges.
    Records,
}

/// The name of a store entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    kind: Kind,
    key: String,
}

/// Most bytes of a key: file systems allow 255, and suffixes are appended.
const LONGEST: usize = 180;
/// Bytes of a longer key that stay, followed by a hash of the name.
const READABLE: usize = 100;

impl Entry {
    /// Creates the entry of a name such as `*.example.org`, `fd00::5` or a URL.
    #[must_use]
    pub fn new(kind: Kind, name: &str) -> Self {
        let key = Self::encode(name);
        Self { kind, key }
    }

    /// Creates the entry of a key that was listed by a store.
    pub(super) fn from_key(kind: Kind, key: &str) -> Self {
        let key = key.to_owned();
        Self { kind, key }
    }

    /// Returns the kind of content.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the encoded name: lower-case ASCII, never empty, unique for a name.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Encodes a name. An escape is `_` and two hexadecimal digits, so `_empty` and `_sha256_` are
    /// unambiguous.
    fn encode(name: &str) -> String {
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
}

impl Kind {
    /// Returns the kind as the name of a folder or prefix.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Certificate => "certificate",
            Self::Order => "order",
            Self::History => "history",
            Self::Records => "records",
        }
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

    fn encoded(name: &str) -> String {
        Entry::new(Kind::Certificate, name).key().to_owned()
    }

    #[test]
    fn short_names_stay_readable() {
        assert_eq!(encoded("home.example.org"), "home.example.org");
        assert_eq!(encoded("*.example.org"), "_2a.example.org");
        assert_eq!(encoded("fd00::5"), "fd00_3a_3a5");
        assert_eq!(encoded("..").as_str(), "_2e.");
    }

    #[test]
    fn long_names_with_a_common_beginning_have_different_keys() {
        let (one, two) = ("a".repeat(300), "a".repeat(301));
        assert_ne!(encoded(&one), encoded(&two));
        assert!(encoded(&one).len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn keys_are_safe_and_unique(one in any::<String>(), two in any::<String>()) {
            let key = encoded(&one);
            prop_assert!(!key.is_empty() && key.len() <= LONGEST && !key.starts_with('.'));
            let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
            prop_assert!(key.chars().all(is_safe), "{key}");
            prop_assert_eq!(one == two, key == encoded(&two));
        }
    }
}

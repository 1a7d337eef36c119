//! Bytes that are base64url in JSON (RFC 4648, section 5, without padding), with their bounds.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Between `MIN` and `MAX` bytes; base64url in JSON.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Encoded<const MIN: usize, const MAX: usize>(Box<[u8]>);

/// Identifier of a credential; at most 1023 bytes (section 7.1, step 25).
pub type CredentialId = Encoded<1, 1023>;
/// Handle of a user (section 5.4.3); names the user to authenticators, so it is random.
pub type UserHandle = Encoded<1, 64>;

impl<const MIN: usize, const MAX: usize> Encoded<MIN, MAX> {
    /// Wraps bytes; `None` unless their number is within the bounds.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let fits = (MIN..=MAX).contains(&bytes.len());
        fits.then(|| Self(bytes.into()))
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn decode(text: &str) -> Option<Self> {
        Self::new(&URL_SAFE_NO_PAD.decode(text).ok()?)
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Encoded<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Encoded<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const MIN: usize, const MAX: usize> TryFrom<String> for Encoded<MIN, MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::decode(&text).ok_or_else(|| format!("not {MIN} to {MAX} bytes in base64url"))
    }
}

impl<const MIN: usize, const MAX: usize> From<Encoded<MIN, MAX>> for String {
    fn from(bytes: Encoded<MIN, MAX>) -> Self {
        bytes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_encoding_and_stay_within_their_bounds() {
        type Short = Encoded<1, 4>;
        let read = |text: &str| serde_json::from_str::<Short>(text).ok();
        let bytes = read("\"AAEC_w\"").unwrap();
        assert_eq!(bytes.as_bytes(), [0, 1, 2, 255]);
        assert_eq!(serde_json::to_string(&bytes).unwrap(), "\"AAEC_w\"");
        for text in [
            "\"\"",
            "\"AAEC_w==\"",
            "\"AAEC/w\"",
            "\"AAEC_x\"",
            "\"AAEC_\"",
            "\"AAECAwQ\"",
            "\"A A\"",
            "1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Short::new(&[]), None);
        assert_eq!(Short::new(&[0; 5]), None);
    }
}

//! Random tokens of links and codes.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::devices::random;

/// A secret text that authorises an enrolment; wiped on drop.
pub(crate) struct Token(Zeroizing<String>);

impl Token {
    /// Generates the token of a link: 128 random bits in 22 characters.
    pub(crate) fn link() -> anyhow::Result<Self> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(random::<16>()?);
        Ok(Self(Zeroizing::new(text)))
    }

    /// Generates a code of six random digits.
    pub(crate) fn code() -> anyhow::Result<Self> {
        let number = u64::from_le_bytes(random::<8>()?) % 1_000_000;
        Ok(Self(Zeroizing::new(format!("{number:06}"))))
    }

    /// Returns the secret text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Compares the token with a text in constant time.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_codes_differ_and_debug_hides_them() {
        let links = [Token::link().unwrap(), Token::link().unwrap()];
        assert_ne!(links[0].text(), links[1].text());
        assert_eq!(links[0].text().len(), 22);
        assert_eq!(Token::code().unwrap().text().len(), 6);
        assert_eq!(format!("{:?}", links[0]), "Token(..)");
    }
}

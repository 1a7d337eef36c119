//! Random tokens: enrolment links and codes.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::random;

/// A secret text; `Debug` does not show it.
pub(super) struct Token(Zeroizing<String>);

impl Token {
    /// Generates the 128 random bits of a link, in base64url.
    pub(super) fn link() -> anyhow::Result<Self> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(random::<16>()?);
        Ok(Self(Zeroizing::new(text)))
    }

    /// Generates a code of six uniformly random digits.
    pub(super) fn code() -> anyhow::Result<Self> {
        let number = u64::from_le_bytes(random::<8>()?) % 1_000_000;
        Ok(Self(Zeroizing::new(format!("{number:06}"))))
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Compares with a text, in constant time for texts of equal length.
    pub(super) fn is(&self, text: &str) -> bool {
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
    fn links_and_codes_are_random_and_hidden_by_debug() {
        let tokens = [Token::link().unwrap(), Token::link().unwrap()];
        assert_ne!(tokens[0].text(), tokens[1].text());
        assert_eq!(tokens[0].text().len(), 22);
        assert_eq!(Token::code().unwrap().text().len(), 6);
        assert_eq!(format!("{:?}", tokens[0]), "Token(..)");
    }
}

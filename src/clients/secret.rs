//! Links and codes: texts that let somebody in.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::random;

/// A text that lets somebody in.
pub(super) struct Secret(Zeroizing<String>);

impl Secret {
    /// 128 bits for a link.
    pub(super) fn link() -> anyhow::Result<Self> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(random::<16>()?);
        Ok(Self(Zeroizing::new(text)))
    }

    /// Six digits, each code as likely as any other.
    pub(super) fn code() -> anyhow::Result<Self> {
        let number = u64::from_le_bytes(random::<8>()?) % 1_000_000;
        Ok(Self(Zeroizing::new(format!("{number:06}"))))
    }

    /// The text itself.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether it is this text; takes as long for any of its length.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_codes_differ_and_are_never_shown() {
        let secrets = [Secret::link().unwrap(), Secret::link().unwrap()];
        assert_ne!(secrets[0].text(), secrets[1].text());
        assert_eq!(secrets[0].text().len(), 22);
        assert_eq!(Secret::code().unwrap().text().len(), 6);
        assert_eq!(format!("{:?}", secrets[0]), "Secret(..)");
    }
}

//! The name of a device, chosen by its owner, such as "Anna's phone".
//!
//! It appears in certificates, log lines, pages and file names, so it has no invisible characters
//! except the joiners of emoji and scripts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::telemetry::is_invisible;

/// The name of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Characters of the longest common name in X.509 (RFC 5280, ub-common-name).
const MAX_LENGTH: usize = 64;

impl Name {
    /// Parses a name of 1 to 64 visible characters of any script; removes surrounding spaces.
    ///
    /// # Errors
    /// A message with the fault and its remedy.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(
                "the name is empty: enter the name of a device, such as \"Anna's phone\"".into(),
            );
        }
        let length = text.chars().count();
        if length > MAX_LENGTH {
            return Err(format!(
                "the name has {length} characters: shorten it to {MAX_LENGTH}"
            ));
        }
        match text.chars().find(|char| is_invisible(*char)) {
            Some(odd) => Err(format!(
                "the name has the invisible character U+{:04X}: leave it out",
                u32::from(odd)
            )),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the stem of a file name in ASCII, such as `annas-phone`; never empty.
    #[must_use]
    pub fn for_file(&self) -> String {
        let unquoted = self.0.replace(['\'', '\u{2019}'], "").to_lowercase();
        let words = unquoted.split(|char: char| !char.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            "device".to_owned()
        } else {
            words.join("-")
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_accepted_and_have_a_file_name() {
        for (name, file) in [
            ("Anna's phone", "annas-phone"),
            (" Omas Händi 📱 ", "omas-h-ndi"),
            ("הטלפון של אמא", "device"),
            ("👨‍👩‍👧", "device"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\"b\\c;d", "a-b-c-d"),
        ] {
            let parsed = Name::parse(name).unwrap();
            assert_eq!(parsed.as_str(), name.trim());
            assert_eq!(parsed.for_file(), file);
        }
    }

    #[test]
    fn empty_long_and_invisible_names_are_refused() {
        let long = "x".repeat(65);
        for (name, why) in [
            ("", "empty"),
            ("  ", "empty"),
            ("a\nb", "U+000A"),
            ("a\u{202e}b", "U+202E"),
            ("a\u{0}", "U+0000"),
            ("\u{200b}", "U+200B"),
            (long.as_str(), "65 characters"),
        ] {
            assert!(Name::parse(name).unwrap_err().contains(why), "{name:?}");
        }
    }
}

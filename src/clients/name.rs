//! The name of a device, as its owner gives it: "Anna's phone".
//!
//! It stands in a certificate, a log line, a page and a file's name, so nothing in it may
//! change how those read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::telemetry::is_invisible;

/// The name of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// The longest common name X.509 allows, in characters (RFC 5280, ub-common-name).
const LONGEST: usize = 64;

impl Name {
    /// Takes any text of 1 to 64 characters, in any script, that changes nothing around it.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(
                "the name is empty: say whose device it is, such as \"Anna's phone\"".into(),
            );
        }
        let length = text.chars().count();
        if length > LONGEST {
            return Err(format!(
                "the name has {length} characters: {LONGEST} are the most"
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

    /// The name as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for a file, without its ending: `annas-phone`; plain ASCII, never empty.
    #[must_use]
    pub fn for_file(&self) -> String {
        let quiet = self.0.replace(['\'', '\u{2019}'], "").to_lowercase();
        let words = quiet.split(|it: char| !it.is_ascii_alphanumeric());
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
    fn names_of_any_script_are_taken_and_fit_a_file() {
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
    fn a_name_that_would_change_what_stands_around_it_is_refused() {
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

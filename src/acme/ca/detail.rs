//! Text of a CA as one line, and the facts that only its wording shows.

use std::fmt;

use time::OffsetDateTime;

use super::sentence;

/// The longest text that is stored, in characters.
const LENGTH: usize = 1000;

/// Text of a CA as one line: control characters and runs of blanks become one blank.
pub(super) struct Detail(String);

impl Detail {
    pub(super) fn new(text: &str) -> Self {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        Self(words.join(" "))
    }

    /// Appends the text about one identifier, unless the detail contains it already.
    pub(super) fn append(&mut self, identifier: Option<&str>, text: &str) {
        let Self(text) = Self::new(text);
        if text.is_empty() || self.0.contains(&text) {
            return;
        }
        let identifier = identifier.map_or_else(String::new, |name| format!("{name}: "));
        self.0 = format!("{}; {identifier}{text}", self.0);
    }

    /// Returns true for Boulder's wording about a name that the operator has to unpause.
    pub(super) fn is_about_pause(&self) -> bool {
        self.0.contains("unpause") || self.0.contains("temporarily prevented from requesting")
    }

    /// Returns true for Boulder's wording about an account that was deactivated or revoked.
    pub(super) fn is_about_account(&self) -> bool {
        let text = self.0.to_ascii_lowercase();
        text.contains("account is not valid") || text.contains("account has been deactivated")
    }

    /// Returns the first URL, without the punctuation that ends it.
    pub(super) fn link(&self) -> Option<String> {
        let start = self.0.find("https://")?;
        let url = self.0.get(start..)?;
        let end = url
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | ')'))
            .unwrap_or(url.len());
        let url = url.get(..end)?;
        Some(url.trim_end_matches(['.', ',', ';', ':']).to_owned())
    }

    /// Returns the moment that the text names after "retry after".
    pub(super) fn retry_after(&self) -> Option<OffsetDateTime> {
        sentence::retry_after(&self.0)
    }

    /// Returns the first 1000 characters.
    pub(super) fn shortened(&self) -> String {
        self.0.chars().take(LENGTH).collect()
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

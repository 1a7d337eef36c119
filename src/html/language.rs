//! Selection of a page's language by `Accept-Language` (RFC 9110, section 12.5.4).

use std::cmp::Reverse;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The default.
    English,
    /// For clients that prefer it to English.
    German,
}

impl Language {
    /// Selects the language that a client prefers; English if it accepts neither.
    #[must_use]
    pub fn from_accept_language(accept_language: Option<&str>) -> Self {
        let accepted = AcceptLanguage(accept_language.unwrap_or_default());
        match accepted.preference("de") {
            Some(german) if accepted.preference("en") < Some(german) => Self::German,
            _ => Self::English,
        }
    }

    /// Returns the language tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

/// The value of an `Accept-Language` field.
#[derive(Clone, Copy)]
struct AcceptLanguage<'a>(&'a str);

/// A language range and its weight.
#[derive(Clone, Copy)]
struct LanguageRange<'a> {
    range: &'a str,
    /// Weight in thousandths.
    weight: u16,
}

/// The preference for a language, ordered: weight, named before `*`, place in the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    /// Weight in thousandths.
    weight: u16,
    /// A range names the language; otherwise `*` matches it.
    named: bool,
    /// Index of the range in the list.
    index: Reverse<usize>,
}

impl<'a> AcceptLanguage<'a> {
    /// Returns the preference of the best range for a language. `*` matches if no range names it.
    fn preference(self, tag: &str) -> Option<Preference> {
        let best = self.best(tag, true).or_else(|| self.best("*", false));
        best.filter(|preference| preference.weight > 0)
    }

    fn best(self, tag: &str, named: bool) -> Option<Preference> {
        let matching = self.ranges().filter(|(_, range)| range.matches(tag));
        let preferences = matching.map(|(index, range)| Preference {
            weight: range.weight,
            named,
            index: Reverse(index),
        });
        preferences.max()
    }

    fn ranges(self) -> impl Iterator<Item = (usize, LanguageRange<'a>)> {
        let items = self.0.split(',').enumerate();
        items.filter_map(|(index, item)| Some((index, LanguageRange::parse(item)?)))
    }
}

impl<'a> LanguageRange<'a> {
    /// Parses a range with an optional weight; `None` if one of them is malformed.
    fn parse(item: &'a str) -> Option<Self> {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().filter(|range| !range.is_empty())?;
        let weight =
            parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(Some(1000), Self::parse_weight)?;
        Some(Self { range, weight })
    }

    /// Parses a weight into thousandths: 0 or 1, and up to three digits after the point.
    fn parse_weight(weight: &str) -> Option<u16> {
        let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
        let digits = rest.bytes().all(|byte| byte.is_ascii_digit()) && rest.len() <= 3;
        let (whole, rest): (u16, u16) = match (whole, digits) {
            ("0", true) => (0, format!("{rest:0<3}").parse().ok()?),
            ("1", true) => (1000, 0),
            _ => return None,
        };
        Some(whole + rest)
    }

    /// Reports whether the primary subtag is `tag`.
    fn matches(&self, tag: &str) -> bool {
        let primary = self.range.split('-').next().unwrap_or(self.range);
        primary.eq_ignore_ascii_case(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_is_selected_if_it_is_preferred() {
        for (accepted, language) in [
            ("de", Language::German),
            ("de-AT", Language::German),
            ("DE-de,de;q=0.9,en-US;q=0.8,en;q=0.7", Language::German),
            ("en-GB,en;q=0.9,de;q=0.8", Language::English),
            ("fr, de;q=0.5, en;q=0.3", Language::German),
            ("fr;q=0.9, en;q=0.5, de;q=0.501", Language::German),
            ("de, en", Language::German),
            ("en, de", Language::English),
            ("*, de", Language::German),
            ("*;q=0.1, de;q=0.2", Language::German),
            ("en;q=0, *", Language::German),
            ("de ; q=1.000 , en;q=0.999", Language::German),
            ("de;Q=0.9, en;q=0.8", Language::German),
        ] {
            assert_eq!(
                Language::from_accept_language(Some(accepted)),
                language,
                "{accepted}"
            );
        }
    }

    #[test]
    fn english_is_selected_otherwise() {
        for accepted in [
            "",
            "*",
            "fr",
            "fr-CH, it;q=0.8",
            "de;q=0",
            "de;q=0.0",
            "de;q=2",
            "de;q=",
            "de;q=x",
            "de;q=0.1234",
            "de;q=-1",
            "den, dex-DE",
            ",;,;q=1,",
            "de;q=0, *",
            "en;q=0, de;q=0",
        ] {
            assert_eq!(
                Language::from_accept_language(Some(accepted)),
                Language::English,
                "{accepted}"
            );
        }
        assert_eq!(Language::from_accept_language(None), Language::English);
    }
}

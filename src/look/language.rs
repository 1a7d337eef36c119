//! The language of a page, after what the browser says it reads (RFC 9110, section 12.5.4).

use std::cmp::Reverse;

/// A language the pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// For everybody who does not ask for another.
    English,
    /// For who reads it rather than English.
    German,
}

/// How much a language is wanted, the more the greater: its weight in thousandths, whether it is
/// named rather than meant by `*`, and how early it stands.
type Wish = (u16, bool, Reverse<usize>);

impl Language {
    /// The one a browser prefers by its `Accept-Language`; English when none fits.
    #[must_use]
    pub fn of(accept_language: Option<&str>) -> Self {
        let accepted = accept_language.unwrap_or_default();
        match wish(accepted, "de") {
            Some(german) if wish(accepted, "en") < Some(german) => Self::German,
            _ => Self::English,
        }
    }

    /// Its tag in HTML (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

/// The best range that fits a language; `*` counts where no range names it.
fn wish(accepted: &str, tag: &str) -> Option<Wish> {
    let ranges = accepted.split(',').map(range).enumerate();
    let ranges = ranges.filter_map(|(place, range)| range.map(|range| (place, range)));
    let fitting = |wanted: &str, named: bool| {
        let fitting = ranges
            .clone()
            .filter(|(_, (range, _))| primary(range).eq_ignore_ascii_case(wanted));
        fitting
            .map(|(place, (_, weight))| (weight, named, Reverse(place)))
            .max()
    };
    let best = fitting(tag, true).or_else(|| fitting("*", false));
    best.filter(|(weight, ..)| *weight > 0)
}

/// A language range and its weight in thousandths; nothing when the weight is none.
fn range(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((range, weight.map_or(Some(1000), thousandths)?))
}

/// A weight has one digit, zero or one, and up to three behind the point.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = rest.bytes().all(|byte| byte.is_ascii_digit()) && rest.len() <= 3;
    let (whole, rest): (u16, u16) = match (whole, digits) {
        ("0", true) => (0, format!("{rest:0<3}").parse().ok()?),
        ("1", true) => (1000, 0),
        _ => return None,
    };
    Some(whole + rest)
}

fn primary(range: &str) -> &str {
    range.split('-').next().unwrap_or(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_is_taken() {
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
            assert_eq!(Language::of(Some(accepted)), language, "{accepted}");
        }
    }

    #[test]
    fn english_is_for_everybody_else() {
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
                Language::of(Some(accepted)),
                Language::English,
                "{accepted}"
            );
        }
        assert_eq!(Language::of(None), Language::English);
    }
}

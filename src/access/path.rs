//! Path normalisation (RFC 3986, section 6.2.2): finds the path rule that decides a request.
//!
//! Nothing is rewritten: the path is forwarded byte for byte as it was received. A path is refused
//! if two hubs could normalise it to paths of different rules. Encoded bytes that are not UTF-8
//! pass if the same rule decides without them, as some hubs drop them. Rules are case-sensitive;
//! a hub that ignores case needs a rule on `/`.

mod decode;
mod interpretation_set;
mod interpretations;
mod invalid;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a property that does not hold panics")]
pub(super) mod properties;
#[cfg(any(fuzzing, test))]
mod reference;
mod state;
mod token;

use self::{decode::DecodedPath, interpretations::Interpretations};

/// The reason for which a path is refused with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// `*`, an authority, or nothing in place of a path.
    #[error("path does not begin with a slash")]
    Relative,
    /// More than 8 KiB, which exceeds the header buffer of every known hub.
    #[error("path is longer than 8 KiB")]
    TooLong,
    /// A byte that RFC 3986 excludes from paths: a space, control, `\`, `#`, `?` or non-ASCII.
    #[error("path holds the byte {0:#04x}, which must be percent-encoded")]
    Raw(u8),
    /// `%` without two hexadecimal digits.
    #[error("path holds a % without two hexadecimal digits")]
    Percent,
    /// Percent-encoded bytes that may be an overlong form or a truncated character in UTF-8.
    #[error(
        "path holds encoded bytes that are not utf-8 and that a hub may decode as other characters"
    )]
    NotUtf8,
    /// A percent-encoded control character.
    #[error("path holds an encoded control character")]
    Control,
    /// `.` or `..` as a segment, in plain or encoded form.
    #[error("path holds a dot segment, which the client should have resolved")]
    DotSegment,
    /// Encoded slashes, parameters, doubled slashes or double encoding that change the rule.
    #[error("path can be read in two ways that different path rules decide")]
    Ambiguous,
}

/// Longest path in bytes.
const MAX_PATH: usize = 8192;

/// Returns the index in `rules` of the longest rule that covers the path, `None` without one.
///
/// `raw` is the path as the client sent it, without its query. A rule that ends in `/` covers all
/// paths below it, and one that ends in `*` all paths with that prefix; any other rule covers its
/// own path and those below it after a `/`. Of two rules of the same length, the one with
/// `*` has the lower precedence.
///
/// # Errors
/// The path is malformed, or two interpretations of it match different rules.
pub fn find_rule(raw: &[u8], rules: &[impl AsRef<str>]) -> Result<Option<usize>, InvalidPath> {
    let path = RawPath::parse(raw)?;
    if rules.is_empty() {
        return Ok(None);
    }
    if path.is_unambiguous() {
        return Ok(Pattern::longest_match(raw, None, rules));
    }
    let rule = path.decide(rules)?;
    match path.without_invalid() {
        Some(rest) if find_rule(&rest, rules)? != rule => Err(InvalidPath::Ambiguous),
        _ => Ok(rule),
    }
}

/// Returns the path of a request target, which the rules match; `/` for the target `*`.
#[must_use]
pub fn of_target(target: &str) -> &str {
    match target {
        "*" => "/",
        target => match memchr::memchr(b'?', target.as_bytes()) {
            Some(at) => &target[..at],
            None => target,
        },
    }
}

/// A path that passed every check that does not depend on the rules.
struct RawPath<'p> {
    raw: &'p [u8],
    decoded: DecodedPath<'p>,
}

impl<'p> RawPath<'p> {
    /// Checks and decodes a path.
    fn parse(raw: &'p [u8]) -> Result<Self, InvalidPath> {
        Self::check_bytes(raw)?;
        let decoded = DecodedPath::parse(raw).ok_or(InvalidPath::Percent)?;
        if decoded.was_encoded() {
            if decoded.has_control() {
                return Err(InvalidPath::Control);
            }
            if decoded.may_be_overlong() {
                return Err(InvalidPath::NotUtf8);
            }
        }
        if decoded.has_dot_segment() {
            return Err(InvalidPath::DotSegment);
        }
        Ok(Self { raw, decoded })
    }

    fn check_bytes(raw: &[u8]) -> Result<(), InvalidPath> {
        if raw.first() != Some(&b'/') {
            return Err(InvalidPath::Relative);
        }
        if raw.len() > MAX_PATH {
            return Err(InvalidPath::TooLong);
        }
        let is_excluded =
            |byte: &&u8| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b'#' | b'?');
        match raw.iter().find(is_excluded) {
            Some(byte) => Err(InvalidPath::Raw(*byte)),
            None => Ok(()),
        }
    }

    /// Reports whether every hub reads the path as it is written.
    fn is_unambiguous(&self) -> bool {
        let mut last = 0;
        self.raw.iter().all(|byte| {
            let doubled = *byte == b'/' && last == b'/';
            last = *byte;
            !doubled && !matches!(byte, b'%' | b';')
        })
    }

    /// Returns the rule on which all interpretations agree.
    fn decide(&self, rules: &[impl AsRef<str>]) -> Result<Option<usize>, InvalidPath> {
        let is_encoded_again = self.decoded.as_bytes().contains(&b'%');
        if is_encoded_again && self.decoded.decode_again().has_dot_segment() {
            return Err(InvalidPath::Ambiguous);
        }
        Interpretations::new(rules).decide(self.raw)
    }
}

/// The path of a rule: `/a`, `/a/` or the prefix `/a*`.
#[derive(Clone, Copy)]
struct Pattern<'r>(&'r [u8]);

impl Pattern<'_> {
    /// Returns the index of the longest rule that covers a path, of which `path` is the beginning
    /// and `next` the byte after it, `None` at the end of the path.
    ///
    /// Bytes after `next` make no difference if no rule begins with `path` and `next`.
    fn longest_match(path: &[u8], next: Option<u8>, rules: &[impl AsRef<str>]) -> Option<usize> {
        let patterns = rules.iter().map(|rule| Pattern(rule.as_ref().as_bytes()));
        patterns
            .enumerate()
            .filter(|(_, pattern)| pattern.covers(path, next))
            .max_by_key(|(_, pattern)| pattern.precedence())
            .map(|(index, _)| index)
    }

    /// Returns the length without the `*`, and whether the pattern is not a prefix.
    fn precedence(self) -> (usize, bool) {
        match self.0.strip_suffix(b"*") {
            Some(prefix) => (prefix.len(), false),
            None => (self.0.len(), true),
        }
    }

    fn covers(self, path: &[u8], next: Option<u8>) -> bool {
        if let Some(prefix) = self.0.strip_suffix(b"*") {
            return path.starts_with(prefix);
        }
        let Some(below) = path.strip_prefix(self.0) else {
            return false;
        };
        match below.first().copied().or(next) {
            None | Some(b'/') => true,
            Some(_) => self.0.ends_with(b"/"),
        }
    }
}

#[cfg(test)]
mod tests;

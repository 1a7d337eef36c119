//! Which path rule decides a request, when every hub would read its path alike.
//!
//! Nothing is rewritten: the path that was judged is forwarded byte for byte,
//! and one that two hubs could read as two places is refused. Bytes that are not UTF-8 pass where
//! a hub that drops them comes to the same rule. Rules are
//! matched case by case; a hub that ignores case needs a rule on `/`.

mod decode;
mod interpretations;
mod invalid;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(super) mod properties;
#[cfg(any(fuzzing, test))]
mod reference;
mod state;
mod token;
mod ways;

use std::borrow::Cow;

use self::{
    decode::{decode_once, has_dot_segment, percent_decode},
    interpretations::Interpretations,
    invalid::{has_control, may_be_overlong, without_invalid},
};

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// `*` or an authority instead of a path, or nothing.
    #[error("path does not begin with a slash")]
    Relative,
    /// More than 8 KiB, which no hub's header buffer takes.
    #[error("path is longer than 8 KiB")]
    TooLong,
    /// A byte that RFC 3986 keeps out of paths: a space, control, `\`, `#`, `?` or non-ASCII.
    #[error("path holds the byte {0:#04x}, which must be percent-encoded")]
    Raw(u8),
    /// `%` without two hexadecimal digits.
    #[error("path holds a % without two hexadecimal digits")]
    Percent,
    /// Percent-encoded bytes that may be an overlong form or the begin of a character in UTF-8.
    #[error("path holds encoded bytes that are not utf-8 and that a hub may take for others")]
    NotUtf8,
    /// A percent-encoded control character.
    #[error("path holds an encoded control character")]
    Control,
    /// `.` or `..` as a segment, however written.
    #[error("path holds a dot segment, which the client should have resolved")]
    DotSegment,
    /// Encoded slashes, parameters, doubled slashes or double encoding on which the rule depends.
    #[error("path can be read in two ways that different path rules decide")]
    Ambiguous,
}

/// Bytes beyond which a path is refused.
const MAX_PATH: usize = 8192;

/// The place in `rules` of the longest one that matches the path; none when none does.
///
/// `raw` is the path as the client sent it, without the query. A rule that
/// ends in `/` matches all below it, and one that ends in `*` all that begins with what is before
/// it; another matches its own path and what is below it after a `/`. Of two as long the last kind
/// decides.
///
/// # Errors
/// A path that is malformed, or of which two readings give two rules.
pub fn judge(raw: &[u8], rules: &[impl AsRef<str>]) -> Result<Option<usize>, BadPath> {
    check_raw(raw)?;
    let decoded = check_decoded(raw)?;
    if rules.is_empty() {
        return Ok(None);
    }
    if is_unambiguous(raw) {
        return Ok(longest_match(raw, None, rules));
    }
    let rule = decide(raw, &decoded, rules)?;
    match without_invalid(raw, &decoded) {
        Some(rest) if judge(&rest, rules)? != rule => Err(BadPath::Ambiguous),
        _ => Ok(rule),
    }
}

fn decide(raw: &[u8], decoded: &[u8], rules: &[impl AsRef<str>]) -> Result<Option<usize>, BadPath> {
    if decoded.contains(&b'%') && has_dot_segment(&decode_once(decoded)) {
        return Err(BadPath::Ambiguous);
    }
    Interpretations::new(rules).decide(raw)
}

/// Whether every hub reads the path as it is written.
fn is_unambiguous(raw: &[u8]) -> bool {
    let mut last = 0;
    raw.iter().all(|byte| {
        let doubled = *byte == b'/' && last == b'/';
        last = *byte;
        !doubled && !matches!(byte, b'%' | b';')
    })
}

fn check_raw(raw: &[u8]) -> Result<(), BadPath> {
    if raw.first() != Some(&b'/') {
        return Err(BadPath::Relative);
    }
    if raw.len() > MAX_PATH {
        return Err(BadPath::TooLong);
    }
    let wrong = |byte: &&u8| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b'#' | b'?');
    match raw.iter().find(wrong) {
        Some(byte) => Err(BadPath::Raw(*byte)),
        None => Ok(()),
    }
}

fn check_decoded(raw: &[u8]) -> Result<Cow<'_, [u8]>, BadPath> {
    let decoded = percent_decode(raw).ok_or(BadPath::Percent)?;
    if let Cow::Owned(decoded) = &decoded {
        if has_control(decoded) {
            return Err(BadPath::Control);
        }
        if may_be_overlong(decoded) {
            return Err(BadPath::NotUtf8);
        }
    }
    if has_dot_segment(&decoded) {
        return Err(BadPath::DotSegment);
    }
    Ok(decoded)
}

/// The longest rule that covers a path which begins with `path`, and goes on with `next` or ends.
///
/// What follows `next` makes no difference where no rule begins with `path` and `next`.
fn longest_match(path: &[u8], next: Option<u8>, rules: &[impl AsRef<str>]) -> Option<usize> {
    let rules = rules.iter().map(|rule| rule.as_ref().as_bytes());
    rules
        .enumerate()
        .filter(|(_, rule)| covers(rule, path, next))
        .max_by_key(|(_, rule)| weight(rule))
        .map(|(index, _)| index)
}

/// How long a rule is, and whether it ends where a segment does.
fn weight(rule: &[u8]) -> (usize, bool) {
    match rule.strip_suffix(b"*") {
        Some(begin) => (begin.len(), false),
        None => (rule.len(), true),
    }
}

fn covers(rule: &[u8], path: &[u8], next: Option<u8>) -> bool {
    if let Some(begin) = rule.strip_suffix(b"*") {
        return path.starts_with(begin);
    }
    let Some(below) = path.strip_prefix(rule) else {
        return false;
    };
    match below.first().copied().or(next) {
        None | Some(b'/') => true,
        Some(_) => rule.ends_with(b"/"),
    }
}

#[cfg(test)]
mod tests;

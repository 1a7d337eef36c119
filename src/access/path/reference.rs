//! The judgement that [`super::judge`] must agree with: every reading of the path, one by one.
//!
//! Slow and plain, and for tests only.

use super::{BadPath, check_raw};

/// The rule that decides, found by reading the path in every way.
///
/// # Errors
/// As [`super::judge`].
pub(super) fn judge(raw: &[u8], rules: &[impl AsRef<str>]) -> Result<Option<usize>, BadPath> {
    check_raw(raw)?;
    let decoded = check_decoded(raw)?;
    if rules.is_empty() {
        return Ok(None);
    }
    let rule = decide(raw, rules)?;
    match std::str::from_utf8(&decoded) {
        Err(_) if judge(&without_invalid(raw), rules)? != rule => Err(BadPath::Ambiguous),
        _ => Ok(rule),
    }
}

fn decide(raw: &[u8], rules: &[impl AsRef<str>]) -> Result<Option<usize>, BadPath> {
    let decide = |path: Vec<u8>| longest_match(&path, rules);
    let mut decisions = Reading::all_of(raw).map(|reading| reading.of(raw).map(decide));
    match decisions.next().flatten() {
        Some(rule) if decisions.all(|other| other == Some(rule)) => Ok(rule),
        _ => Err(BadPath::Ambiguous),
    }
}

fn check_decoded(raw: &[u8]) -> Result<Vec<u8>, BadPath> {
    let decoded = percent_decode(raw).ok_or(BadPath::Percent)?;
    if String::from_utf8_lossy(&decoded).contains(char::is_control) {
        return Err(BadPath::Control);
    }
    let continues = |at: usize| decoded.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    if (0..decoded.len())
        .any(|at| decoded[at] >= 0xC0 && continues(at + 1) && !is_char(&decoded, at))
    {
        return Err(BadPath::NotUtf8);
    }
    if has_dot_segment(&decoded) {
        return Err(BadPath::DotSegment);
    }
    Ok(decoded)
}

/// Whether a character of UTF-8 begins there.
fn is_char(bytes: &[u8], at: usize) -> bool {
    (1..=4).any(|length| {
        let some = bytes.get(at..at + length);
        some.is_some_and(|some| std::str::from_utf8(some).is_ok())
    })
}

/// The path without the encoded bytes that are of no character.
fn without_invalid(raw: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let characters = (1..=4).filter_map(|count| {
            let end = rest.len().min(3 * count);
            let decoded = percent_decode(rest.get(..end)?)?;
            let one = decoded.len() == count && std::str::from_utf8(&decoded).is_ok();
            one.then_some(end)
        });
        let encoded = rest[0] == b'%';
        let length = match encoded {
            true => characters.min(),
            false => Some(1),
        };
        kept.extend_from_slice(&rest[..length.unwrap_or(0)]);
        rest = &rest[length.unwrap_or(3)..];
    }
    kept
}

fn longest_match(path: &[u8], rules: &[impl AsRef<str>]) -> Option<usize> {
    let rules = rules.iter().map(|rule| rule.as_ref().as_bytes());
    rules
        .enumerate()
        .filter(|(_, rule)| covers(rule, path))
        .max_by_key(|(_, rule)| {
            (
                rule.len() - usize::from(rule.ends_with(b"*")),
                !rule.ends_with(b"*"),
            )
        })
        .map(|(index, _)| index)
}

fn covers(rule: &[u8], path: &[u8]) -> bool {
    if let Some((b'*', begin)) = rule.split_last() {
        return path.starts_with(begin);
    }
    let Some(below) = path.strip_prefix(rule) else {
        return false;
    };
    below.is_empty() || below.starts_with(b"/") || rule.ends_with(b"/")
}

/// One way of reading a path: any combination of the constants below.
#[derive(Clone, Copy, Debug)]
struct Reading(u8);

const TWICE: u8 = 1;
const SLASH: u8 = 1 << 1;
const BACKSLASH: u8 = 1 << 2;
const RAW_PARAMETERS: u8 = 1 << 3;
const DECODED_PARAMETERS: u8 = 1 << 4;
const TWICE_DECODED_PARAMETERS: u8 = 1 << 5;
const MERGE: u8 = 1 << 6;
const END: u8 = 1 << 7;

/// What `%2f` becomes in readings where it is no separator; a path never holds it otherwise.
const DATA_SLASH: u8 = 0;

impl Reading {
    /// Every reading in which this path might differ; only the plain one for a plain path.
    fn all_of(raw: &[u8]) -> impl Iterator<Item = Self> {
        let doubled = raw.windows(2).any(|pair| pair == b"//");
        let plain = !doubled && !raw.contains(&b'%') && !raw.contains(&b';');
        (0..if plain { 1 } else { END }).map(Self)
    }

    /// The path in this reading; none when it leads through a dot segment.
    fn of(self, raw: &[u8]) -> Option<Vec<u8>> {
        let mut path = self.cut(RAW_PARAMETERS, raw.to_vec());
        path = self.cut(DECODED_PARAMETERS, self.decode(&path));
        if self.has(TWICE) {
            path = self.cut(TWICE_DECODED_PARAMETERS, self.decode(&path));
        }
        if self.has(MERGE) {
            path.dedup_by(|next, last| *next == b'/' && *last == b'/');
        }
        (!has_dot_segment(&path)).then_some(path)
    }

    fn has(self, way: u8) -> bool {
        self.0 & way != 0
    }

    /// The path without parameters, if this reading drops them `when` it has come this far.
    fn cut(self, when: u8, path: Vec<u8>) -> Vec<u8> {
        if self.has(when) {
            without_parameters(&path)
        } else {
            path
        }
    }

    fn decode(self, path: &[u8]) -> Vec<u8> {
        decode_with(path, |byte| match byte {
            b'/' if !self.has(SLASH) => DATA_SLASH,
            b'\\' if self.has(BACKSLASH) => b'/',
            byte => byte,
        })
    }
}

/// The bytes a path stands for; none when a `%` is not followed by two hexadecimal digits.
fn percent_decode(path: &[u8]) -> Option<Vec<u8>> {
    let well_formed = |(at, byte): (usize, &u8)| *byte != b'%' || escaped(&path[at..]).is_some();
    let mut bytes = path.iter().enumerate();
    bytes
        .all(well_formed)
        .then(|| decode_with(path, |byte| byte))
}

/// Whether a segment is `.` or `..`, taking `\` for a separator and leaving out parameters.
fn has_dot_segment(path: &[u8]) -> bool {
    path.split(|byte| matches!(*byte, b'/' | b'\\' | DATA_SLASH))
        .map(|segment| segment.split(|byte| *byte == b';').next())
        .any(|name| matches!(name, Some(b"." | b"..")))
}

/// Decodes once, each decoded byte through `map`; a stray `%` stays as it is.
fn decode_with(path: &[u8], map: impl Fn(u8) -> u8) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match escaped(rest) {
            Some(byte) => (map(byte), &rest[3..]),
            None => (byte, after),
        };
        decoded.push(byte);
        rest = after;
    }
    decoded
}

/// The byte for which `%` and two hexadecimal digits at the start of `text` stand.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Each segment up to its first `;`.
fn without_parameters(path: &[u8]) -> Vec<u8> {
    let segments = path.split(|byte| *byte == b'/');
    let names = segments.filter_map(|segment| segment.split(|byte| *byte == b';').next());
    names.collect::<Vec<_>>().join(&b'/')
}

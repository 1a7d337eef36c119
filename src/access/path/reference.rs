//! A slow and plain implementation of [`super::find_rule`], with which tests compare it.
//!
//! It applies every interpretation to the path, one after the other, and shares only the check of
//! raw bytes with the fast implementation.

use super::{InvalidPath, RawPath};

/// Returns the rule on which every interpretation of the path agrees.
///
/// # Errors
/// As [`super::find_rule`].
pub(super) fn find_rule(
    raw: &[u8],
    rules: &[impl AsRef<str>],
) -> Result<Option<usize>, InvalidPath> {
    RawPath::check_bytes(raw)?;
    let path = Octets(raw.to_vec());
    let decoded = path.decode_checked()?;
    if rules.is_empty() {
        return Ok(None);
    }
    let rule = path.decide(rules)?;
    match std::str::from_utf8(&decoded.0) {
        Err(_) if find_rule(&path.without_invalid().0, rules)? != rule => {
            Err(InvalidPath::Ambiguous)
        }
        _ => Ok(rule),
    }
}

/// One way of reading a path: any combination of the constants below.
#[derive(Clone, Copy, Debug)]
struct Interpretation(u8);

const TWICE: u8 = 1;
const SLASH: u8 = 1 << 1;
const BACKSLASH: u8 = 1 << 2;
const RAW_PARAMETERS: u8 = 1 << 3;
const DECODED_PARAMETERS: u8 = 1 << 4;
const TWICE_DECODED_PARAMETERS: u8 = 1 << 5;
const MERGE: u8 = 1 << 6;
const END: u8 = 1 << 7;

/// Stands for `%2f` in interpretations that do not take it for a separator.
const DATA_SLASH: u8 = 0;

impl Interpretation {
    /// Returns every interpretation; only the plain one for a path that all read alike.
    fn all_of(path: &Octets) -> impl Iterator<Item = Self> {
        let raw = &path.0;
        let doubled = raw.windows(2).any(|pair| pair == b"//");
        let plain = !doubled && !raw.contains(&b'%') && !raw.contains(&b';');
        (0..if plain { 1 } else { END }).map(Self)
    }

    /// Returns the path as it is read; `None` if it has a dot segment.
    fn apply(self, path: &Octets) -> Option<Octets> {
        let mut read = self.drop_parameters(RAW_PARAMETERS, Octets(path.0.clone()));
        read = self.drop_parameters(DECODED_PARAMETERS, self.decode(&read));
        if self.has(TWICE) {
            read = self.drop_parameters(TWICE_DECODED_PARAMETERS, self.decode(&read));
        }
        if self.has(MERGE) {
            read.0.dedup_by(|next, last| *next == b'/' && *last == b'/');
        }
        (!read.has_dot_segment()).then_some(read)
    }

    fn has(self, way: u8) -> bool {
        self.0 & way != 0
    }

    /// Drops parameters, if this interpretation does so at this step.
    fn drop_parameters(self, step: u8, path: Octets) -> Octets {
        if self.has(step) {
            path.without_parameters()
        } else {
            path
        }
    }

    fn decode(self, path: &Octets) -> Octets {
        path.decode_with(|byte| match byte {
            b'/' if !self.has(SLASH) => DATA_SLASH,
            b'\\' if self.has(BACKSLASH) => b'/',
            byte => byte,
        })
    }
}

/// The bytes of a path, encoded or decoded.
struct Octets(Vec<u8>);

impl Octets {
    fn decide(&self, rules: &[impl AsRef<str>]) -> Result<Option<usize>, InvalidPath> {
        let interpretations = Interpretation::all_of(self);
        let mut decisions = interpretations.map(|interpretation| {
            let read = interpretation.apply(self)?;
            Some(read.longest_match(rules))
        });
        match decisions.next().flatten() {
            Some(rule) if decisions.all(|other| other == Some(rule)) => Ok(rule),
            _ => Err(InvalidPath::Ambiguous),
        }
    }

    fn decode_checked(&self) -> Result<Self, InvalidPath> {
        let decoded = self.percent_decode().ok_or(InvalidPath::Percent)?;
        if String::from_utf8_lossy(&decoded.0).contains(char::is_control) {
            return Err(InvalidPath::Control);
        }
        let bytes = &decoded.0;
        let continues = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
        let is_overlong =
            |at: usize| bytes[at] >= 0xC0 && continues(at + 1) && !decoded.has_character_at(at);
        if (0..bytes.len()).any(is_overlong) {
            return Err(InvalidPath::NotUtf8);
        }
        if decoded.has_dot_segment() {
            return Err(InvalidPath::DotSegment);
        }
        Ok(decoded)
    }

    /// Reports whether a UTF-8 character begins at an index.
    fn has_character_at(&self, at: usize) -> bool {
        (1..=4).any(|length| {
            let some = self.0.get(at..at + length);
            some.is_some_and(|some| std::str::from_utf8(some).is_ok())
        })
    }

    /// Drops the encoded bytes that belong to no UTF-8 character.
    fn without_invalid(&self) -> Self {
        let mut valid = Vec::new();
        let mut rest = &self.0[..];
        while !rest.is_empty() {
            let characters = (1..=4).filter_map(|count| {
                let end = rest.len().min(3 * count);
                let decoded = Self(rest.get(..end)?.to_vec()).percent_decode()?.0;
                let one = decoded.len() == count && std::str::from_utf8(&decoded).is_ok();
                one.then_some(end)
            });
            let encoded = rest[0] == b'%';
            let length = match encoded {
                true => characters.min(),
                false => Some(1),
            };
            valid.extend_from_slice(&rest[..length.unwrap_or(0)]);
            rest = &rest[length.unwrap_or(3)..];
        }
        Self(valid)
    }

    fn longest_match(&self, rules: &[impl AsRef<str>]) -> Option<usize> {
        let rules = rules.iter().map(|rule| rule.as_ref().as_bytes());
        rules
            .enumerate()
            .filter(|(_, rule)| self.is_covered_by(rule))
            .max_by_key(|(_, rule)| {
                let is_prefix = rule.ends_with(b"*");
                (rule.len() - usize::from(is_prefix), !is_prefix)
            })
            .map(|(index, _)| index)
    }

    fn is_covered_by(&self, rule: &[u8]) -> bool {
        if let Some((b'*', prefix)) = rule.split_last() {
            return self.0.starts_with(prefix);
        }
        let Some(below) = self.0.strip_prefix(rule) else {
            return false;
        };
        below.is_empty() || below.starts_with(b"/") || rule.ends_with(b"/")
    }

    /// Decodes once; `None` if two hexadecimal digits are missing after a `%`.
    fn percent_decode(&self) -> Option<Self> {
        let is_well_formed =
            |(at, byte): (usize, &u8)| *byte != b'%' || escaped(&self.0[at..]).is_some();
        let mut bytes = self.0.iter().enumerate();
        bytes
            .all(is_well_formed)
            .then(|| self.decode_with(|byte| byte))
    }

    /// Decodes once, and maps each decoded byte; a stray `%` stays as it is.
    fn decode_with(&self, map: impl Fn(u8) -> u8) -> Self {
        let mut decoded = Vec::with_capacity(self.0.len());
        let mut rest = &self.0[..];
        while let Some((&byte, after)) = rest.split_first() {
            let (byte, after) = match escaped(rest) {
                Some(byte) => (map(byte), &rest[3..]),
                None => (byte, after),
            };
            decoded.push(byte);
            rest = after;
        }
        Self(decoded)
    }

    /// Reports whether a segment is `.` or `..`; `\` separates segments too, and parameters are
    /// ignored.
    fn has_dot_segment(&self) -> bool {
        let path = &self.0;
        path.split(|byte| matches!(*byte, b'/' | b'\\' | DATA_SLASH))
            .map(|segment| segment.split(|byte| *byte == b';').next())
            .any(|name| matches!(name, Some(b"." | b"..")))
    }

    /// Cuts each segment at its first `;`.
    fn without_parameters(&self) -> Self {
        let segments = self.0.split(|byte| *byte == b'/');
        let names = segments.filter_map(|segment| segment.split(|byte| *byte == b';').next());
        Self(names.collect::<Vec<_>>().join(&b'/'))
    }
}

/// Decodes the `%` and two hexadecimal digits at the start of `text`.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

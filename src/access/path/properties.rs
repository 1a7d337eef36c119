//! Property: a path that passes leads every hub to the place of the rule that was found.
//!
//! The hubs are simulated by normalisation steps of known hubs, in any order and number; they share
//! no code with the interpretations.

use super::{find_rule, reference};

/// A normalisation step of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Decode,
    DecodeButSlash,
    DropParameters,
    TurnBackslashes,
    MergeSlashes,
    ResolveDots,
}

const STEPS: [Step; 6] = [
    Step::Decode,
    Step::DecodeButSlash,
    Step::DropParameters,
    Step::TurnBackslashes,
    Step::MergeSlashes,
    Step::ResolveDots,
];
/// Most steps of a hub, and most decoding steps among them.
const MOST_STEPS: usize = 7;
const MOST_DECODED: usize = 2;
/// Stands for an encoded slash that is not a separator.
const DATA: char = '\u{e000}';

const RULES: [&[&str]; 6] = [
    &["/rest"],
    &["/static/", "/rest", "/rest/open/"],
    &["/", "/a/", "/a/b", "/a/b/c/"],
    &["/a", "/a/b"],
    &["/ü/", "/a.b", "/rest/~x"],
    &["/re*", "/re", "/rest/", "/a/b*", "/a/b/c"],
];

/// Checks the decision on a path against one hub: the first byte selects the rules, the next four
/// the steps of the hub, and the rest is the path.
pub fn path(bytes: &[u8]) {
    let Some((&[rules, steps @ ..], raw)) = bytes.split_first_chunk::<5>() else {
        return;
    };
    let rules = RULES[usize::from(rules) % RULES.len()];
    let without_rules = find_rule(raw, &[""; 0]);
    let judged = find_rule(raw, rules);
    assert_eq!(
        judged,
        reference::find_rule(raw, rules),
        "the reference differs"
    );
    let Ok(verdict) = judged else {
        return;
    };
    assert_eq!(
        without_rules,
        Ok(None),
        "a malformed path passes with rules"
    );
    let raw = std::str::from_utf8(raw).unwrap_or_default();
    let hub = hub(u32::from_be_bytes(steps));
    let read = hub
        .iter()
        .fold(raw.to_owned(), |path, step| step.take(&path));
    assert_eq!(
        decides(rules, &read),
        verdict,
        "{hub:?} reads {raw} as {read}"
    );
    let plain = encoded(&Step::Decode.take(raw));
    let again = find_rule(plain.as_bytes(), rules);
    assert!(
        again.is_err() || again == Ok(verdict),
        "{raw} and {plain} differ"
    );
}

/// Returns the steps of a hub in the order of `choices`: it decodes at least once and resolves dots
/// last.
fn hub(mut choices: u32) -> Vec<Step> {
    let mut hub = Vec::new();
    while choices > 0 && hub.len() < MOST_STEPS {
        hub.push(STEPS[choices as usize % STEPS.len()]);
        choices /= 6;
    }
    let mut decoded = 0;
    hub.retain(|step| {
        decoded += usize::from(step.decodes());
        !step.decodes() || decoded <= MOST_DECODED
    });
    if decoded == 0 {
        hub.insert(0, Step::Decode);
    }
    hub.push(Step::ResolveDots);
    hub
}

impl Step {
    fn decodes(self) -> bool {
        matches!(self, Self::Decode | Self::DecodeButSlash)
    }

    fn take(self, path: &str) -> String {
        match self {
            Self::Decode => decode(path, '/'),
            Self::DecodeButSlash => decode(path, DATA),
            Self::DropParameters => map_segments(path, without_parameters),
            Self::TurnBackslashes => path.replace('\\', "/"),
            Self::MergeSlashes => merge(path),
            Self::ResolveDots => resolve(path),
        }
    }
}

fn decode(path: &str, slash: char) -> String {
    let mut bytes = Vec::new();
    let mut pieces = path.split('%');
    bytes.extend(pieces.next().unwrap_or_default().bytes());
    for piece in pieces {
        let code = piece
            .get(..2)
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(b'/') => bytes.extend(slash.to_string().bytes()),
            Some(byte) => bytes.push(byte),
            None => bytes.push(b'%'),
        }
        bytes.extend(piece.bytes().skip(if code.is_some() { 2 } else { 0 }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn map_segments(path: &str, map: impl Fn(&str) -> &str) -> String {
    let segments: Vec<_> = path.split('/').map(map).collect();
    segments.join("/")
}

fn without_parameters(segment: &str) -> &str {
    segment.split(';').next().unwrap_or(segment)
}

fn merge(path: &str) -> String {
    let mut merged = path.to_owned();
    while merged.contains("//") {
        merged = merged.replace("//", "/");
    }
    merged
}

fn resolve(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

fn encoded(path: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encode = |byte: u8| match keeps(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02x}"),
    };
    path.bytes().map(encode).collect()
}

/// Returns the longest rule that the path equals, is below, or has as a prefix.
fn decides(rules: &[&str], path: &str) -> Option<usize> {
    let is_of = |rule: &str| match (rule.strip_suffix('*'), rule.ends_with('/')) {
        (Some(begin), _) => path.starts_with(begin),
        (None, true) => path.starts_with(rule),
        (None, false) => path == rule || path.starts_with(&format!("{rule}/")),
    };
    (0..rules.len())
        .filter(|at| is_of(rules[*at]))
        .max_by_key(|at| {
            (
                rules[*at].trim_end_matches('*').len(),
                !rules[*at].ends_with('*'),
            )
        })
}

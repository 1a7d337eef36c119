//! A path that is let through leads every hub to the place that was judged.
//!
//! The hubs are built here of the steps that are known of some, in whatever order and number; they
//! share nothing with `reading`.

use super::{judge, reference};

/// What a hub may do with a path before it looks where it leads.
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
/// Steps of a hub at most, and how often one decodes at most.
const MOST_STEPS: usize = 7;
const MOST_DECODED: usize = 2;
/// What an encoded slash becomes where it is none.
const DATA: char = '\u{e000}';

const RULES: [&[&str]; 6] = [
    &["/rest"],
    &["/static/", "/rest", "/rest/open/"],
    &["/", "/a/", "/a/b", "/a/b/c/"],
    &["/a", "/a/b"],
    &["/ü/", "/a.b", "/rest/~x"],
    &["/re*", "/re", "/rest/", "/a/b*", "/a/b/c"],
];

/// What is judged of a path holds for every hub: the first byte tells the rules, the next four
/// the hub, and the rest is the path.
pub fn path(bytes: &[u8]) {
    let Some((&[rules, steps @ ..], raw)) = bytes.split_first_chunk::<5>() else {
        return;
    };
    let rules = RULES[usize::from(rules) % RULES.len()];
    let without_rules = judge(raw, &[""; 0]);
    let judged = judge(raw, rules);
    assert_eq!(judged, reference::judge(raw, rules), "read one by one");
    let Ok(verdict) = judged else {
        return;
    };
    assert_eq!(
        without_rules,
        Ok(None),
        "rules let a malformed path through"
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
    let again = judge(plain.as_bytes(), rules);
    assert!(
        again.is_err() || again == Ok(verdict),
        "{raw} and {plain} differ"
    );
}

/// A hub, in whatever order and number of steps; it decodes and it resolves dots in the end.
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
            Self::DropParameters => each_segment(path, |it| it.split(';').next().unwrap_or(it)),
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
            .filter(|hex| hex.bytes().all(|it| it.is_ascii_hexdigit()));
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(b'/') => bytes.extend(slash.to_string().bytes()),
            Some(byte) => bytes.push(byte),
            None => bytes.push(b'%'),
        }
        bytes.extend(piece.bytes().skip(if code.is_some() { 2 } else { 0 }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn each_segment(path: &str, keep: impl Fn(&str) -> &str) -> String {
    let kept: Vec<_> = path.split('/').map(keep).collect();
    kept.join("/")
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

/// The longest of the rules that the path is equal to or below, or begins with.
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

//! From text to tree: YAML 1.2 in one document, with bounds on what it may unfold to.
//!
//! What breaks YAML's own rules is one fault, the first: after it, nothing
//! that follows can be trusted to be what it seems.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_saphyr::{
    Budget, Error, Location, MessageFormatter, Options, Spanned, UserMessageFormatter,
};

use super::{
    faults::{Fault, Position},
    tree::{Content, Entry, Node},
};

/// Reads the text as one YAML document.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let root: Node = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| fault(&error, text))?;
    if matches!(root.content, Content::Null) {
        let cure = "the file is empty: write at least `sites` with one site";
        return Err(Fault::at(START, cure));
    }
    Ok(root)
}

/// Where the text begins.
const START: Position = Position { line: 1, column: 1 };

/// Values in one file, those that aliases repeat included.
const MAX_NODES: usize = 50_000;

/// Levels of blocks and lists in each other; `proxy.yaml` needs six.
const MAX_DEPTH: usize = 32;

fn options() -> Options {
    serde_saphyr::options! {
        budget: Some(budget()),
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn budget() -> Budget {
    let mut budget = Budget::default();
    budget.max_nodes = MAX_NODES;
    budget.max_depth = MAX_DEPTH;
    budget
}

fn fault(error: &Error, text: &str) -> Fault {
    let position = error.location().map_or(START, Position::from);
    let error = innermost(error);
    let cause = cause(error);
    let line = text.lines().nth(position.line - 1).unwrap_or_default();
    let before = text.lines().nth(position.line.saturating_sub(2));
    let spacing = || [Some(line), before].into_iter().flatten().find_map(spacing);
    let cure = match error {
        Error::DuplicateMappingKey { .. } | Error::MultipleDocuments { .. } => None,
        _ => spacing(),
    };
    let cure = cure.unwrap_or_else(|| self::cure(error, line, position));
    Fault::at(position, format!("{cause}: {cure}"))
}

/// The error itself, without what wraps it.
fn innermost(error: &Error) -> &Error {
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => innermost(error),
        error => error,
    }
}

/// What is wrong; the parser's words where ours would say no more.
fn cause(error: &Error) -> String {
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("a second \"{key}\""),
        Error::MultipleDocuments { .. } => "a second document".into(),
        Error::UnknownAnchor { .. } => "a reference to nothing".into(),
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => "too much".into(),
        Error::Unexpected {
            expected: "string scalar",
            ..
        } => "a key that is not text".into(),
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

/// What is most likely to help, judged by the line the parser stopped at.
fn cure(error: &Error, line: &str, position: Position) -> &'static str {
    let here: String = line.chars().skip(position.column - 1).collect();
    match error {
        Error::DuplicateMappingKey { .. } => "keep one of the two",
        Error::MultipleDocuments { .. } => "remove the line `---` before it",
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => {
            "no proxy needs so many values, or so deep; look for an alias that repeats itself"
        }
        Error::UnsupportedTag { .. } => "remove it, or put the text in quotes",
        Error::NonFiniteFloat { .. } => "if it is text, put it in quotes",
        _ if line.contains('\t') => "indent with spaces; the line has a tab",
        Error::UnknownAnchor { .. } => "text that begins with `*` needs quotes: \"*.example.org\"",
        _ if line.contains("[::]") => "an address in brackets needs quotes: \"[::]:443\"",
        _ if here.starts_with(['@', '`', '%']) => "text that begins like this needs quotes",
        _ => "check the indentation, and that quotes and brackets are closed",
    }
}

/// The cure for a line whose dash, colon or equals sign is not YAML's.
fn spacing(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    if let Some(item) = line.strip_prefix('-')
        && item.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        return Some("a dash needs a space behind it");
    }
    let line = line.strip_prefix("- ").unwrap_or(line);
    let is_key = |c: char| c.is_ascii_alphabetic() || c == '_';
    let (key, rest) = line.split_at(line.find(|c| !is_key(c))?);
    match rest.trim_start().as_bytes() {
        [b'=', ..] if !key.is_empty() => Some("write a colon and a space in the place of ="),
        [b':', next, ..] if !key.is_empty() && !next.is_ascii_whitespace() => {
            Some("a colon needs a space behind it")
        }
        _ => None,
    }
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
        let (line, column) = (count(location.line()), count(location.column()));
        Self { line, column }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, defined, .. } = Spanned::deserialize(deserializer)?;
        Ok(Self::new(defined.into(), value))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyContent)
    }
}

/// Takes whatever YAML holds.
struct AnyContent;

impl<'de> de::Visitor<'de> for AnyContent {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a block, a list, text, a number, true or false")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_bool<E>(self, switch: bool) -> Result<Content, E> {
        Ok(Content::Switch(switch))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Content, E> {
        let number = serde_json::Number::from_f64(number);
        number
            .map(Content::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(node) = list.next_element()? {
            items.push((items.len(), node));
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut block: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = block.next_entry::<Spanned<String>, _>()? {
            let position = key.defined.into();
            let key = key.value;
            entries.push(Entry {
                key,
                position,
                node,
            });
        }
        Ok(Content::Block(entries))
    }
}

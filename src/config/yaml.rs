//! Parses the text as one YAML 1.2 document, with limits on nodes, depth and aliases.
//!
//! Only the first violation of YAML's syntax is reported: the positions and structure after it are
//! unreliable.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_saphyr::{
    Budget, Error, Location, MessageFormatter, Options, Spanned, UserMessageFormatter,
};

use super::{
    faults::{Fault, Position},
    tree::{Content, Entry, Node},
};

/// Parses the text into a tree.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let root: Node = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| SyntaxError::new(&error, text).fault())?;
    if matches!(root.content, Content::Null) {
        let message = "the file is empty: write at least `sites` with one site";
        return Err(Fault::at(START, message));
    }
    Ok(root)
}

/// Position of the first character.
const START: Position = Position { line: 1, column: 1 };

/// Maximum number of values in a file, including those that aliases repeat.
const MAX_NODES: usize = 50_000;

/// Maximum depth of nested blocks and lists; `proxy.yaml` needs six.
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

/// A violation of YAML's syntax, with the lines that the cure is derived from.
struct SyntaxError<'e> {
    error: &'e Error,
    position: Position,
    /// The line of the position.
    line: &'e str,
    /// The line before it; on the first line, that line itself.
    line_before: Option<&'e str>,
}

impl<'e> SyntaxError<'e> {
    fn new(error: &'e Error, text: &'e str) -> Self {
        let position = error.location().map_or(START, Position::from);
        Self {
            error: Self::unwrapped(error),
            position,
            line: text.lines().nth(position.line - 1).unwrap_or_default(),
            line_before: text.lines().nth(position.line.saturating_sub(2)),
        }
    }

    fn unwrapped(error: &Error) -> &Error {
        match error {
            Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => {
                Self::unwrapped(error)
            }
            error => error,
        }
    }

    fn fault(&self) -> Fault {
        let (cause, cure) = (self.cause(), self.spacing().unwrap_or_else(|| self.cure()));
        Fault::at(self.position, format!("{cause}: {cure}"))
    }

    /// Returns the cause, in the parser's words if they are as good as any.
    fn cause(&self) -> String {
        match self.error {
            Error::DuplicateMappingKey { key: Some(key), .. } => format!("a second \"{key}\""),
            Error::MultipleDocuments { .. } => "a second document".into(),
            Error::UnknownAnchor { .. } => "an alias without its anchor".into(),
            Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => {
                "too many values or levels".into()
            }
            Error::Unexpected {
                expected: "string scalar",
                ..
            } => "a key that is not text".into(),
            other => UserMessageFormatter.format_message(other).into_owned(),
        }
    }

    /// Returns the most likely cure, derived from the error and its line.
    fn cure(&self) -> &'static str {
        let skipped = self.position.column - 1;
        let rest: String = self.line.chars().skip(skipped).collect();
        match self.error {
            Error::DuplicateMappingKey { .. } => "keep one of the two",
            Error::MultipleDocuments { .. } => "remove the line `---` before it",
            Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => {
                "check for an alias that repeats itself; no proxy needs as many"
            }
            Error::UnsupportedTag { .. } => "remove it, or put the text in quotes",
            Error::NonFiniteFloat { .. } => "if it is text, put it in quotes",
            _ if self.line.contains('\t') => "indent with spaces; the line has a tab",
            Error::UnknownAnchor { .. } => {
                "text that begins with `*` needs quotes: \"*.example.org\""
            }
            _ if self.line.contains("[::]") => "an address in brackets needs quotes: \"[::]:443\"",
            _ if rest.starts_with(['@', '`', '%']) => "text that begins like this needs quotes",
            _ => "check the indentation, and that quotes and brackets are closed",
        }
    }

    /// Returns the cure for a dash, colon or equals sign that is not written as YAML needs it, on
    /// the line of the error or the one before.
    fn spacing(&self) -> Option<&'static str> {
        match self.error {
            Error::DuplicateMappingKey { .. } | Error::MultipleDocuments { .. } => None,
            _ => {
                let lines = [Some(self.line), self.line_before].into_iter().flatten();
                lines.map(str::trim_start).find_map(spacing_cure)
            }
        }
    }
}

fn spacing_cure(line: &str) -> Option<&'static str> {
    if let Some(item) = line.strip_prefix('-')
        && item.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        return Some("write a space after the dash");
    }
    let line = line.strip_prefix("- ").unwrap_or(line);
    let is_key = |c: char| c.is_ascii_alphabetic() || c == '_';
    let (key, rest) = line.split_at(line.find(|c| !is_key(c))?);
    match rest.trim_start().as_bytes() {
        [b'=', ..] if !key.is_empty() => Some("write a colon and a space instead of ="),
        [b':', next, ..] if !key.is_empty() && !next.is_ascii_whitespace() => {
            Some("write a space after the colon")
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

/// Deserializes a value of any kind.
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

//! The YAML document as a tree of nodes with positions.
//!
//! `yaml` builds it, `schema_check` checks it, and `resolve` takes the positions of values from it.
//! List items store their index, so that it stays correct after faulty items are removed.

use std::fmt;

use serde_json::{Number, Value};

use super::faults::{Fault, Position};

/// A value and its position.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Position of its first character.
    pub(super) position: Position,
    /// The value.
    pub(super) content: Content,
    /// True if a faulty part was removed. A missing key is no fault then, since it may be that part.
    pub(super) pruned: bool,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// No value, `~` or `null`.
    Null,
    /// `true` or `false`.
    Switch(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(String),
    /// Items with their indices.
    List(Vec<(usize, Node)>),
    /// Keys and values.
    Block(Vec<Entry>),
}

/// A key of a block and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// Position of the key.
    pub(super) position: Position,
    /// The value.
    pub(super) node: Node,
}

/// A node and the path of keys to it. The location of a missing key is that of its block.
#[derive(Clone, Debug)]
pub(super) struct Location<'t> {
    /// The node, or the closest block or list around it.
    pub(super) node: &'t Node,
    /// Path such as `sites[2].upstream`; empty for the file as a whole.
    pub(super) path: String,
}

impl<'t> Location<'t> {
    /// Creates the location of the whole file.
    pub(super) fn root(node: &'t Node) -> Self {
        let path = String::new();
        Self { node, path }
    }

    /// Returns the location of a key's value in this block.
    pub(super) fn key(&self, key: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{separator}{key}", self.path);
        let node = self.node.value(key).unwrap_or(self.node);
        Self { node, path }
    }

    /// Returns the location of the nth item of this list, not counting items that were removed.
    pub(super) fn item(&self, nth: usize) -> Self {
        let Content::List(items) = &self.node.content else {
            return self.clone();
        };
        items
            .get(nth)
            .map_or_else(|| self.clone(), |item| self.at(item))
    }

    /// Returns the location of an item of this list.
    pub(super) fn at(&self, (index, node): &'t (usize, Node)) -> Self {
        let path = format!("{}[{index}]", self.path);
        Self { node, path }
    }

    /// Creates a fault at this location.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault {
            position: self.node.position,
            path: self.path.clone(),
            message: message.into(),
        }
    }
}

impl Node {
    /// Creates a complete node.
    pub(super) fn new(position: Position, content: Content) -> Self {
        let pruned = false;
        Self {
            position,
            content,
            pruned,
        }
    }

    /// Creates a node at the same position with the remaining content.
    pub(super) fn pruned_to(&self, content: Content, pruned: bool) -> Self {
        let position = self.position;
        Self {
            position,
            content,
            pruned,
        }
    }

    /// Converts the tree to JSON, which has no positions.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Switch(switch) => Value::Bool(*switch),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(|(_, node)| node.to_value()).collect(),
            Content::Block(entries) => {
                let pair = |entry: &Entry| (entry.key.clone(), entry.node.to_value());
                Value::Object(entries.iter().map(pair).collect())
            }
        }
    }

    fn value(&self, key: &str) -> Option<&Self> {
        let Content::Block(entries) = &self.content else {
            return None;
        };
        let entry = entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.node)
    }
}

/// Describes the value after the word "found".
impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Switch(switch) => switch.fmt(f),
            Self::Number(number) => write!(f, "the number {number}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::List(_) => f.write_str("a list"),
            Self::Block(_) => f.write_str("a block"),
        }
    }
}

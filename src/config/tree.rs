//! The text as a tree with positions, before anything is made of it.
//!
//! Comes from `yaml`, is checked by `shape`, and tells `resolve` where each
//! value stands. A list keeps the index each item had when wrong ones are cut.

use serde_json::{Number, Value};

use super::faults::{Fault, Position};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it begins.
    pub(super) position: Position,
    /// What it is.
    pub(super) content: Content,
    /// Whether something wrong was cut out of it, so that absence proves nothing.
    pub(super) pruned: bool,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Nothing written, `~` or `null`.
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

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// Where the key stands.
    pub(super) position: Position,
    /// The value.
    pub(super) node: Node,
}

/// A node and the path of keys to it; a key left out is told at its block.
#[derive(Clone, Debug)]
pub(super) struct Place<'t> {
    /// The node, or the nearest above it.
    pub(super) node: &'t Node,
    /// `sites[2].upstream`; empty for the whole.
    pub(super) path: String,
}

impl<'t> Place<'t> {
    /// The whole file.
    pub(super) fn root(node: &'t Node) -> Self {
        let path = String::new();
        Self { node, path }
    }

    /// The value of a key in this block.
    pub(super) fn key(&self, key: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{separator}{key}", self.path);
        let node = self.node.value(key).unwrap_or(self.node);
        Self { node, path }
    }

    /// The item of this list that is the nth when wrong ones are cut.
    pub(super) fn item(&self, nth: usize) -> Self {
        let Content::List(items) = &self.node.content else {
            return self.clone();
        };
        items
            .get(nth)
            .map_or_else(|| self.clone(), |item| self.at(item))
    }

    /// One of this list's items.
    pub(super) fn at(&self, (index, node): &'t (usize, Node)) -> Self {
        let path = format!("{}[{index}]", self.path);
        Self { node, path }
    }

    /// Something wrong here.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault {
            position: self.node.position,
            path: self.path.clone(),
            message: message.into(),
        }
    }
}

impl Node {
    /// A node out of which nothing was cut.
    pub(super) fn new(position: Position, content: Content) -> Self {
        let pruned = false;
        Self {
            position,
            content,
            pruned,
        }
    }

    /// The same place with what is left when wrong parts are cut.
    pub(super) fn pruned_to(&self, content: Content, pruned: bool) -> Self {
        let position = self.position;
        Self {
            position,
            content,
            pruned,
        }
    }

    /// The value without positions.
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

//! Messages about values and keys that do not match the schema, each with its cure.

use std::{collections::VecDeque, iter};

use serde_json::Value;

use super::{
    schema::{Block, Form, Schema},
    spelling,
    tree::Content,
};

/// A value that has none of the forms of its schema.
pub(super) struct Mismatch<'a> {
    /// Path of the value's key.
    pub(super) path: &'a str,
    /// The value.
    pub(super) content: &'a Content,
    /// Forms that the schema allows.
    pub(super) forms: &'a [Form<'a>],
    /// Default of the schema, else `Value::Null`.
    pub(super) default: &'a Value,
}

impl Mismatch<'_> {
    /// Describes the forms that are expected, the value that was found, and the cure if there is
    /// one.
    pub(super) fn message(&self) -> String {
        let (expected, found) = (self.expected(), self.content);
        match self.cure() {
            Some(cure) => format!("expected {expected}, found {found}; {cure}"),
            None => format!("expected {expected}, found {found}"),
        }
    }

    /// Lists the forms: `"auto", "off" or a block with max_age`.
    fn expected(&self) -> String {
        let mut forms: Vec<_> = self.forms.iter().map(ToString::to_string).collect();
        match (forms.pop(), forms.as_slice()) {
            (Some(last), []) => last,
            (last, others) => format!("{} or {}", others.join(", "), last.unwrap_or_default()),
        }
    }

    fn cure(&self) -> Option<String> {
        let path = self.path;
        match self.content {
            Content::Null => Some("write a value or remove the key".into()),
            content if path.starts_with("listen.") && content.port().is_some() => {
                content.port().map(|port| self.listener(port))
            }
            Content::Text(_) | Content::Switch(_) if path.contains(".networks") => self.networks(),
            content if path.ends_with(".access") && !content.is_misspelt_public() => {
                Some(content.access_rule().into())
            }
            Content::Number(port) if path.ends_with(".upstream") => {
                Some(format!("write http://127.0.0.1:{port}"))
            }
            Content::Number(port) if path == "listen" => {
                Some(format!("write {{https: [\"[::]:{port}\"]}}"))
            }
            Content::Block(_) if self.expects_list() => Some(
                "each item begins with a dash and a space: write `- ` before the first key".into(),
            ),
            Content::Text(text) => self.text(text),
            Content::Number(_) | Content::Switch(_) => self.scalar(),
            Content::List(_) | Content::Block(_) => None,
        }
    }

    fn expects_list(&self) -> bool {
        matches!(self.forms, [Form::List(_)])
    }

    fn listener(&self, port: u16) -> String {
        match self.expects_list() {
            true => format!("write [\"[::]:{port}\"]"),
            false => format!("write \"[::]:{port}\""),
        }
    }

    fn networks(&self) -> Option<String> {
        let word = match self.content {
            Content::Text(text) => text.to_ascii_lowercase(),
            Content::Switch(switch) => switch.to_string(),
            _ => return None,
        };
        let lan = if self.expects_list() { "[lan]" } else { "lan" };
        Some(match word.as_str() {
            "yes" | "true" | "on" | "any" | "all" | "*" => {
                format!("write {lan} for the networks at home, or `access: public` for everyone")
            }
            "no" | "false" | "off" | "none" => "remove the key: then no network has access".into(),
            word if self.expects_list() => format!("write [{}]", quoted_items(word)),
            _ => return None,
        })
    }

    fn text(&self, text: &str) -> Option<String> {
        let lower = text.to_ascii_lowercase();
        match (self.forms, lower.as_str()) {
            ([Form::List(_)], _) => Some(format!("write [{}]", quoted_items(text))),
            ([Form::Switch], "yes" | "on" | "true") => Some("write true".into()),
            ([Form::Switch, ..], "no" | "off" | "false") => Some("write false".into()),
            _ => {
                let meant = spelling::nearest(text, self.words())?;
                Some(format!("did you mean \"{meant}\"?"))
            }
        }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.forms.iter().filter_map(|form| match form {
            Form::Word(word) => Some(*word),
            _ => None,
        })
    }

    fn scalar(&self) -> Option<String> {
        if !matches!(self.forms, [Form::Text, ..]) {
            return None;
        }
        match self.default.as_str() {
            Some(example) => Some(format!("write it like {example}")),
            None => Some("if it is text, put it in quotes".into()),
        }
    }
}

impl Content {
    /// Returns the value as a port, where an address with a port is expected.
    fn port(&self) -> Option<u16> {
        match self {
            Self::Number(number) => u16::try_from(number.as_u64()?).ok(),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn is_lan(&self) -> bool {
        matches!(self, Self::Text(text) if text == "lan")
    }

    fn is_misspelt_public(&self) -> bool {
        let Self::Text(text) = self else {
            return false;
        };
        spelling::nearest(text, iter::once("public")).is_some()
    }

    /// Returns the cure for factors without their key, or a word that is no access rule.
    fn access_rule(&self) -> &'static str {
        let is_lan = match self {
            Self::List(items) => items.iter().any(|(_, item)| item.content.is_lan()),
            content => content.is_lan(),
        };
        match is_lan {
            true => "write {networks: [lan]}",
            false => "write public for everyone, or the factors, such as {networks: [lan]}",
        }
    }
}

/// Splits a list that was written without brackets, and puts each item in quotes.
fn quoted_items(text: &str) -> String {
    let items = text.split(',').map(|item| format!("\"{}\"", item.trim()));
    items.collect::<Vec<_>>().join(", ")
}

impl<'s> Schema<'s> {
    /// Returns the cure for a key that belongs to another block, if a block has such a key.
    pub(super) fn cure_for_key(self, key: &str) -> Option<String> {
        let mut blocks = VecDeque::from([(String::new(), self.root())]);
        while let Some((path, block)) = blocks.pop_front() {
            if block.keys().any(|own| own == key) {
                return Some(match path.as_str() {
                    "sites[]" => {
                        format!("`{key}` belongs to a site: write it below a site's `hosts`")
                    }
                    path => format!("`{key}` belongs in `{path}`: write it there"),
                });
            }
            for name in block.keys() {
                let separator = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{separator}{name}");
                if let Some(value) = block.property(name) {
                    blocks.extend(self.blocks(value, &path));
                }
            }
        }
        None
    }

    /// Returns the blocks that a value, or an item of it, may be, each with its path.
    fn blocks(self, value: &'s Value, path: &str) -> Vec<(String, Block<'s>)> {
        let blocks = |form| match form {
            Form::Block(block) => vec![(path.to_owned(), block)],
            Form::List(item) => self.blocks(item, &format!("{path}[]")),
            _ => Vec::new(),
        };
        self.forms(value).into_iter().flat_map(blocks).collect()
    }
}

//! Checks the tree against the schema: unknown keys, values in the wrong form, missing keys.
//!
//! Faulty parts are removed, and the rest goes on to `resolve`, so that a misspelt key and an
//! invalid address are reported together.

use serde_json::Value;

use super::{
    faults::Fault,
    mismatch::Mismatch,
    schema::{Block, Form, Schema},
    spelling,
    tree::{Content, Entry, Location, Node},
};

/// Returns the valid part of a tree, if there is one, and the faults of the rest.
pub(super) fn check(root: &Node, schema: &Value) -> (Option<Node>, Vec<Fault>) {
    let mut check = SchemaCheck {
        schema: Schema(schema),
        faults: Vec::new(),
    };
    let valid = check.node(&Location::root(root), schema);
    (valid, check.faults)
}

/// The check of one file.
struct SchemaCheck<'s> {
    schema: Schema<'s>,
    faults: Vec<Fault>,
}

impl<'s> SchemaCheck<'s> {
    fn node(&mut self, location: &Location<'_>, schema: &'s Value) -> Option<Node> {
        let forms = self.schema.forms(schema);
        let content = &location.node.content;
        for form in &forms {
            match (form, content) {
                (Form::Block(block), Content::Block(entries)) => {
                    return self.block(location, entries, *block);
                }
                (Form::List(item), Content::List(items)) => {
                    return Some(self.list(location, items, item));
                }
                (form, content) if form.accepts(content) => return Some(location.node.clone()),
                _ => {}
            }
        }
        let mismatch = Mismatch {
            path: &location.path,
            content,
            forms: &forms,
            default: &schema["default"],
        };
        self.faults.push(location.fault(mismatch.message()));
        None
    }

    fn list(
        &mut self,
        location: &Location<'_>,
        items: &[(usize, Node)],
        schema: &'s Value,
    ) -> Node {
        let check = |item: &(usize, Node)| {
            let (index, _) = *item;
            Some((index, self.node(&location.at(item), schema)?))
        };
        let valid: Vec<_> = items.iter().filter_map(check).collect();
        let pruned = valid.len() < items.len();
        location.node.pruned_to(Content::List(valid), pruned)
    }

    fn block(
        &mut self,
        location: &Location<'_>,
        entries: &[Entry],
        block: Block<'s>,
    ) -> Option<Node> {
        let (mut valid, mut named) = (Vec::new(), Vec::new());
        for entry in entries {
            match block.property(&entry.key) {
                Some(schema) => valid.extend(self.entry(location, entry, schema)),
                None => named.extend(self.unknown_key(location, entry, block)),
            }
        }
        named.extend(entries.iter().map(|entry| entry.key.as_str()));
        for key in block.required().filter(|key| !named.contains(key)) {
            let message = format!("the key \"{key}\" is missing: add it to this block");
            self.faults.push(location.fault(message));
        }
        let is_present = |key: &str| valid.iter().any(|entry| entry.key == key);
        let is_complete = block.required().all(is_present);
        let pruned = valid.len() < entries.len();
        is_complete.then(|| location.node.pruned_to(Content::Block(valid), pruned))
    }

    fn entry(
        &mut self,
        location: &Location<'_>,
        entry: &Entry,
        schema: &'s Value,
    ) -> Option<Entry> {
        let node = self.node(&location.key(&entry.key), schema)?;
        Some(Entry {
            key: entry.key.clone(),
            position: entry.position,
            node,
        })
    }

    /// Records an unknown key as a fault, and returns the key that was probably meant.
    fn unknown_key(
        &mut self,
        location: &Location<'_>,
        entry: &Entry,
        block: Block<'s>,
    ) -> Option<&'s str> {
        let key = &entry.key;
        let meant = spelling::nearest(key, block.keys());
        let cure = match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => self
                .schema
                .cure_for_key(key)
                .unwrap_or_else(|| format!("there are: {}", block.key_list())),
        };
        let mut fault = location.fault(format!("unknown key \"{key}\"; {cure}"));
        fault.position = entry.position;
        self.faults.push(fault);
        meant
    }
}

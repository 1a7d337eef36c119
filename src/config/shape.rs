//! The tree against the schema: unknown keys, wrong kinds of values, unknown
//! words, missing keys.
//!
//! What is wrong is told and cut; the sound rest goes on to `resolve`, so that
//! a misspelt key and a bad address are told in one go.

use serde_json::Value;

use super::{
    cure,
    faults::Fault,
    schema::{Form, keys, property, required},
    spelling,
    tree::{Content, Entry, Node, Place},
};

/// The sound part of a tree, if the whole has one, and what is wrong with the rest.
pub(super) fn check(root: &Node, schema: &Value) -> (Option<Node>, Vec<Fault>) {
    let faults = Vec::new();
    let mut shape = Shape { schema, faults };
    let sound = shape.node(&Place::root(root), schema);
    (sound, shape.faults)
}

struct Shape<'s> {
    schema: &'s Value,
    faults: Vec<Fault>,
}

impl<'s> Shape<'s> {
    fn node(&mut self, place: &Place<'_>, schema: &'s Value) -> Option<Node> {
        let forms = Form::all(self.schema, schema);
        for form in &forms {
            match (form, &place.node.content) {
                (Form::Block(block), Content::Block(entries)) => {
                    return self.block(place, entries, block);
                }
                (Form::List(item), Content::List(items)) => {
                    return Some(self.list(place, items, item));
                }
                (form, content) if fits(form, content) => return Some(place.node.clone()),
                _ => {}
            }
        }
        self.faults
            .push(place.fault(mismatch(place, &forms, &schema["default"])));
        None
    }

    fn list(&mut self, place: &Place<'_>, items: &[(usize, Node)], schema: &'s Value) -> Node {
        let check = |item: &(usize, Node)| Some((item.0, self.node(&place.at(item), schema)?));
        let sound: Vec<_> = items.iter().filter_map(check).collect();
        let pruned = sound.len() < items.len();
        place.node.pruned_to(Content::List(sound), pruned)
    }

    fn block(&mut self, place: &Place<'_>, entries: &[Entry], block: &'s Value) -> Option<Node> {
        let (mut sound, mut named) = (Vec::new(), Vec::new());
        for entry in entries {
            match property(block, &entry.key) {
                Some(schema) => sound.extend(self.entry(place, entry, schema)),
                None => named.extend(self.unknown(place, entry, block)),
            }
        }
        named.extend(entries.iter().map(|entry| entry.key.as_str()));
        for key in required(block).filter(|key| !named.contains(key)) {
            let message = format!("the key \"{key}\" is missing: add it to this block");
            self.faults.push(place.fault(message));
        }
        let complete = required(block).all(|key| sound.iter().any(|entry| entry.key == key));
        let pruned = sound.len() < entries.len();
        complete.then(|| place.node.pruned_to(Content::Block(sound), pruned))
    }

    fn entry(&mut self, place: &Place<'_>, entry: &Entry, schema: &'s Value) -> Option<Entry> {
        let node = self.node(&place.key(&entry.key), schema)?;
        let key = entry.key.clone();
        Some(Entry {
            key,
            position: entry.position,
            node,
        })
    }

    /// Tells an unknown key, and gives back the one that was probably meant.
    fn unknown(&mut self, place: &Place<'_>, entry: &Entry, block: &'s Value) -> Option<&'s str> {
        let key = &entry.key;
        let meant = spelling::nearest(key, keys(block));
        let cure = match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => cure::of_key(self.schema, key)
                .unwrap_or_else(|| format!("there are: {}", list_keys(block))),
        };
        let mut fault = place.fault(format!("unknown key \"{key}\"; {cure}"));
        fault.position = entry.position;
        self.faults.push(fault);
        meant
    }
}

fn list_keys(block: &Value) -> String {
    keys(block).collect::<Vec<_>>().join(", ")
}

/// Whether a single value may be written like this.
fn fits(form: &Form<'_>, content: &Content) -> bool {
    match (form, content) {
        (Form::Text, Content::Text(_)) | (Form::Switch, Content::Switch(_)) => true,
        (Form::Word(word), Content::Text(text)) => word == text,
        (Form::Null, Content::Null) => true,
        (Form::Whole, Content::Number(number)) => number.is_u64(),
        _ => false,
    }
}

fn mismatch(place: &Place<'_>, forms: &[Form<'_>], default: &Value) -> String {
    let content = &place.node.content;
    let (expected, found) = (alternatives(forms), found(content));
    match cure::of_value(&place.path, forms, content, default) {
        Some(cure) => format!("expected {expected}, found {found}; {cure}"),
        None => format!("expected {expected}, found {found}"),
    }
}

/// `"auto", "off" or a block with max_age`.
fn alternatives(forms: &[Form<'_>]) -> String {
    let mut wanted: Vec<_> = forms.iter().map(wanted).collect();
    match (wanted.pop(), wanted.as_slice()) {
        (Some(last), []) => last,
        (last, others) => format!("{} or {}", others.join(", "), last.unwrap_or_default()),
    }
}

fn wanted(form: &Form<'_>) -> String {
    match form {
        Form::Block(block) => match list_keys(block) {
            keys if keys.is_empty() => "a block".into(),
            keys => format!("a block with {keys}"),
        },
        Form::List(_) => "a list".into(),
        Form::Text => "text".into(),
        Form::Word(word) => format!("\"{word}\""),
        Form::Whole => "a whole number".into(),
        Form::Switch => "true or false".into(),
        Form::Null => "null".into(),
    }
}

fn found(content: &Content) -> String {
    match content {
        Content::Null => "nothing".into(),
        Content::Switch(switch) => switch.to_string(),
        Content::Number(number) => format!("the number {number}"),
        Content::Text(text) => format!("\"{text}\""),
        Content::List(_) => "a list".into(),
        Content::Block(_) => "a block".into(),
    }
}

//! Cures for values and keys in the wrong form, as far as the form shows what was meant.

use std::{collections::VecDeque, iter};

use serde_json::Value;

use super::{
    schema::{Form, keys, property},
    spelling,
    tree::Content,
};

/// The cure for a value at a path of keys that has none of the forms.
pub(super) fn of_value(
    path: &str,
    forms: &[Form<'_>],
    content: &Content,
    default: &Value,
) -> Option<String> {
    let is_list = matches!(forms, [Form::List(_)]);
    match content {
        Content::Null => Some("write a value or remove the key".into()),
        _ if path.starts_with("listen.") && port(content).is_some() => {
            port(content).map(|port| listen(port, is_list))
        }
        Content::Text(_) | Content::Switch(_) if path.contains(".networks") => {
            networks(content, is_list)
        }
        content if path.ends_with(".access") && !is_misspelled_public(content) => access(content),
        Content::Number(port) if path.ends_with(".upstream") => {
            Some(format!("write http://127.0.0.1:{port}"))
        }
        Content::Number(port) if path == "listen" => {
            Some(format!("write {{https: [\"[::]:{port}\"]}}"))
        }
        Content::Block(_) if is_list => {
            Some("each item begins with a dash and a space: write `- ` before the first key".into())
        }
        Content::Text(text) => of_text(forms, text),
        Content::Number(_) | Content::Switch(_) => of_scalar(forms, default),
        Content::List(_) | Content::Block(_) => None,
    }
}

/// Names the block that has a key, for a key that stands in another one.
pub(super) fn of_key(root: &Value, key: &str) -> Option<String> {
    let mut blocks = VecDeque::from([(String::new(), root)]);
    while let Some((path, block)) = blocks.pop_front() {
        if keys(block).any(|own| own == key) {
            return Some(belongs(key, &path));
        }
        for name in keys(block) {
            let separator = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{separator}{name}");
            let inner = property(block, name);
            blocks.extend(
                inner
                    .into_iter()
                    .flat_map(|value| blocks_of(root, value, &path)),
            );
        }
    }
    None
}

fn belongs(key: &str, path: &str) -> String {
    match path {
        "sites[]" => format!("`{key}` belongs to a site: write it below a site's `hosts`"),
        path => format!("`{key}` belongs in `{path}`: write it there"),
    }
}

/// The blocks that a value may be, or that its items may be, each with its path.
fn blocks_of<'s>(root: &'s Value, schema: &'s Value, path: &str) -> Vec<(String, &'s Value)> {
    let of_form = |form| match form {
        Form::Block(block) => vec![(path.to_owned(), block)],
        Form::List(item) => blocks_of(root, item, &format!("{path}[]")),
        _ => Vec::new(),
    };
    let forms = Form::all(root, schema).into_iter();
    forms.flat_map(of_form).collect()
}

fn is_misspelled_public(content: &Content) -> bool {
    let Content::Text(text) = content else {
        return false;
    };
    spelling::nearest(text, iter::once("public")).is_some()
}

/// Factors that stand without their key, or a word that is none.
fn access(content: &Content) -> Option<String> {
    let is_lan = |content: &Content| matches!(content, Content::Text(text) if text == "lan");
    let means_lan = match content {
        Content::List(items) => items.iter().any(|(_, item)| is_lan(&item.content)),
        content => is_lan(content),
    };
    Some(match means_lan {
        true => "write {networks: [lan]}".into(),
        false => "write public for everybody, or the factors, such as {networks: [lan]}".into(),
    })
}

/// The port that stands alone where an address is needed too.
fn port(content: &Content) -> Option<u16> {
    match content {
        Content::Number(number) => u16::try_from(number.as_u64()?).ok(),
        Content::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn listen(port: u16, is_list: bool) -> String {
    match is_list {
        true => format!("write [\"[::]:{port}\"]"),
        false => format!("write \"[::]:{port}\""),
    }
}

fn networks(content: &Content, is_list: bool) -> Option<String> {
    let word = match content {
        Content::Text(text) => text.to_ascii_lowercase(),
        Content::Switch(switch) => switch.to_string(),
        _ => return None,
    };
    let lan = if is_list { "[lan]" } else { "lan" };
    Some(match word.as_str() {
        "yes" | "true" | "on" | "any" | "all" | "*" => {
            format!("write {lan} for the networks at home, or `access: public` for everybody")
        }
        "no" | "false" | "off" | "none" => {
            "remove the key: without it no network lets anyone in".into()
        }
        word if is_list => format!("write [{}]", items(word)),
        _ => return None,
    })
}

fn of_text(forms: &[Form<'_>], text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    match (forms, lower.as_str()) {
        ([Form::List(_)], _) => Some(format!("write [{}]", items(text))),
        ([Form::Switch, ..], "yes" | "on" | "true") if only_switch(forms) => {
            Some("write true".into())
        }
        ([Form::Switch, ..], "no" | "off" | "false") => Some("write false".into()),
        _ => {
            let meant = spelling::nearest(text, words(forms))?;
            Some(format!("did you mean \"{meant}\"?"))
        }
    }
}

fn only_switch(forms: &[Form<'_>]) -> bool {
    forms.len() == 1
}

/// The items of a list that was written without brackets, each in quotes.
fn items(text: &str) -> String {
    let items = text.split(',').map(|item| format!("\"{}\"", item.trim()));
    items.collect::<Vec<_>>().join(", ")
}

fn of_scalar(forms: &[Form<'_>], default: &Value) -> Option<String> {
    if !matches!(forms, [Form::Text, ..]) {
        return None;
    }
    match default.as_str() {
        Some(example) => Some(format!("write it like {example}")),
        None => Some("if it is text, put it in quotes".into()),
    }
}

fn words<'s>(forms: &[Form<'s>]) -> impl Iterator<Item = &'s str> {
    forms.iter().filter_map(|form| match form {
        Form::Word(word) => Some(*word),
        _ => None,
    })
}

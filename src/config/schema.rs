//! The JSON schema of `proxy.yaml`, and the forms of values that it allows.
//!
//! The schema is generated from the types of `file` and stored beside this module. Only the part of
//! JSON Schema that schemars generates for those types is read; tests compare all three.

use std::fmt;

use serde_json::Value;

use super::tree::Content;

const SCHEMA: &str = include_str!("proxy.schema.json");

/// Returns the JSON schema (draft 2020-12) of `proxy.yaml`, for editors and `hubgate schema`.
#[must_use]
pub fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap_or_default()
}

/// The whole schema, with the definitions that its parts refer to.
#[derive(Clone, Copy)]
pub(super) struct Schema<'s>(pub(super) &'s Value);

/// The schema of a block: its keys and the schemas of their values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block<'s>(&'s Value);

/// A form that a value may have.
#[derive(Debug, PartialEq)]
pub(super) enum Form<'s> {
    /// A block with these keys.
    Block(Block<'s>),
    /// A list of items with this schema.
    List(&'s Value),
    /// Any text.
    Text,
    /// This text.
    Word(&'s str),
    /// A number without sign or fraction.
    Whole,
    /// `true` or `false`.
    Switch,
    /// `null`, where it has a meaning of its own.
    Null,
}

impl<'s> Schema<'s> {
    /// Returns all forms that a part of the schema allows.
    pub(super) fn forms(self, part: &'s Value) -> Vec<Form<'s>> {
        if let Some(name) = part["$ref"].as_str() {
            let name = name.trim_start_matches("#/$defs/");
            return self.forms(&self.0["$defs"][name]);
        }
        let choice = part["anyOf"].as_array().or(part["oneOf"].as_array());
        if let Some(choice) = choice {
            return choice.iter().flat_map(|part| self.forms(part)).collect();
        }
        Form::parse(part).into_iter().collect()
    }

    /// Returns the block at the top of the file.
    pub(super) fn root(self) -> Block<'s> {
        Block(self.0)
    }
}

impl<'s> Form<'s> {
    fn parse(part: &'s Value) -> Option<Self> {
        if let Some(word) = part["const"].as_str() {
            return Some(Self::Word(word));
        }
        match part["type"].as_str()? {
            "object" => Some(Self::Block(Block(part))),
            "array" => Some(Self::List(&part["items"])),
            "string" => Some(Self::Text),
            "integer" => Some(Self::Whole),
            "boolean" => Some(Self::Switch),
            "null" => Some(Self::Null),
            _ => None,
        }
    }

    /// True if a value that is neither a block nor a list has this form.
    pub(super) fn accepts(&self, content: &Content) -> bool {
        match (self, content) {
            (Self::Text, Content::Text(_)) | (Self::Switch, Content::Switch(_)) => true,
            (Self::Word(word), Content::Text(text)) => word == text,
            (Self::Null, Content::Null) => true,
            (Self::Whole, Content::Number(number)) => number.is_u64(),
            _ => false,
        }
    }
}

/// Describes the form after the word "expected".
impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => match block.key_list() {
                keys if keys.is_empty() => f.write_str("a block"),
                keys => write!(f, "a block with {keys}"),
            },
            Self::List(_) => f.write_str("a list"),
            Self::Text => f.write_str("text"),
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Whole => f.write_str("a whole number"),
            Self::Switch => f.write_str("true or false"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl<'s> Block<'s> {
    /// Returns the schema of a key's value, if the block has the key.
    pub(super) fn property(self, key: &str) -> Option<&'s Value> {
        let any = self.0.get("additionalProperties");
        let any = any.filter(|any| any.is_object());
        self.0["properties"].get(key).or(any)
    }

    /// Iterates over the names of the block's keys.
    pub(super) fn keys(self) -> impl Iterator<Item = &'s str> {
        let properties = self.0["properties"].as_object().into_iter().flatten();
        properties.map(|(key, _)| key.as_str())
    }

    /// Iterates over the keys that the block must have.
    pub(super) fn required(self) -> impl Iterator<Item = &'s str> {
        let keys = self.0["required"].as_array().into_iter().flatten();
        keys.filter_map(Value::as_str)
    }

    /// Returns the names of the block's keys, separated by commas.
    pub(super) fn key_list(self) -> String {
        self.keys().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};

    use super::{super::file::File, *};

    /// Generates the schema from the types.
    fn generated() -> Value {
        SchemaSettings::draft2020_12()
            .with_transform(RecursiveTransform(without_null))
            .into_generator()
            .into_root_schema_for::<File>()
            .to_value()
    }

    /// Removes `null` without a description, so that a key has a value or is absent: an access
    /// block with commented lines only must not open the site.
    fn without_null(schema: &mut Schema) {
        if let Some(Value::Array(kinds)) = schema.get("type") {
            let kind = kinds.iter().find(|kind| **kind != "null").cloned();
            schema.insert("type".into(), kind.unwrap_or_default());
        }
        if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
            forms.retain(|form| form["type"] != "null" || form.get("description").is_some());
        }
    }

    #[test]
    fn the_schema_is_generated_from_the_types() {
        let generated = format!("{:#}\n", generated());
        if env::var_os("HUBGATE_WRITE_SCHEMA").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/proxy.schema.json");
            return fs::write(file, generated).unwrap();
        }
        assert!(
            SCHEMA == generated,
            "the types have changed: run HUBGATE_WRITE_SCHEMA=1 cargo test the_schema_is_generated"
        );
    }

    /// Visits a schema and every schema within it.
    fn each<'s>(schema: &'s Value, visit: &mut dyn FnMut(&'s Value)) {
        visit(schema);
        let maps = ["properties", "$defs"].map(|key| schema[key].as_object());
        for inner in maps.into_iter().flatten().flat_map(serde_json::Map::values) {
            each(inner, visit);
        }
        let lists = ["anyOf", "oneOf"].map(|key| schema[key].as_array());
        for inner in lists.into_iter().flatten().flatten() {
            each(inner, visit);
        }
        for key in ["items", "additionalProperties"] {
            schema
                .get(key)
                .filter(|inner| inner.is_object())
                .into_iter()
                .for_each(|inner| each(inner, visit));
        }
    }

    #[test]
    fn the_schema_has_only_keywords_that_are_read_or_descriptive() {
        let descriptive = ["$schema", "title", "description", "default", "format"];
        let read = [
            "$ref",
            "$defs",
            "anyOf",
            "oneOf",
            "const",
            "type",
            "items",
            "properties",
            "additionalProperties",
            "required",
        ];
        each(&schema(), &mut |part| {
            for (keyword, value) in part.as_object().unwrap() {
                let unsigned = keyword == "minimum" && value == 0;
                assert!(
                    unsigned
                        || descriptive.contains(&keyword.as_str())
                        || read.contains(&keyword.as_str()),
                    "{keyword} in {part}"
                );
            }
        });
    }

    #[test]
    fn every_value_has_a_form_and_null_has_a_description() {
        let root = schema();
        each(&root, &mut |part| {
            assert!(!Schema(&root).forms(part).is_empty(), "{part}");
            let described = part["description"].is_string();
            assert!(part["type"] != "null" || described, "{part}");
        });
    }

    #[test]
    fn a_choice_lists_all_its_forms() {
        let root = schema();
        let hsts = &root["$defs"]["Hsts"];
        let forms = Schema(&root).forms(hsts);
        assert_eq!(forms[..2], [Form::Word("auto"), Form::Word("off")]);
        assert!(
            matches!(forms[2], Form::Block(block) if block.keys().eq(["include_subdomains", "max_age"]))
        );
    }
}

//! The JSON schema of `proxy.yaml`, and how a value may be written by it.
//!
//! Made from `file` and kept beside this module. Only the part of JSON Schema that
//! schemars makes of those types is read; tests hold the three together.

use serde_json::Value;

const SCHEMA: &str = include_str!("proxy.schema.json");

/// The JSON schema (draft 2020-12) of `proxy.yaml`, for editors and `hubgate schema`.
#[must_use]
pub fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap_or_default()
}

/// One of the ways a value may be written.
#[derive(Debug, PartialEq)]
pub(super) enum Form<'s> {
    /// Keys and values, by this schema.
    Block(&'s Value),
    /// Items, each by this schema.
    List(&'s Value),
    /// Any text.
    Text,
    /// This text.
    Word(&'s str),
    /// A number without sign or fraction.
    Whole,
    /// `true` or `false`.
    Switch,
    /// Nothing, where it has a meaning of its own.
    Null,
}

impl<'s> Form<'s> {
    /// All the ways `schema` leaves open; `root` holds what it refers to.
    pub(super) fn all(root: &'s Value, schema: &'s Value) -> Vec<Self> {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.trim_start_matches("#/$defs/");
            return Self::all(root, &root["$defs"][name]);
        }
        let choice = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        if let Some(choice) = choice {
            return choice.iter().flat_map(|s| Self::all(root, s)).collect();
        }
        Self::one(schema).into_iter().collect()
    }

    fn one(schema: &'s Value) -> Option<Self> {
        if let Some(word) = schema["const"].as_str() {
            return Some(Self::Word(word));
        }
        match schema["type"].as_str()? {
            "object" => Some(Self::Block(schema)),
            "array" => Some(Self::List(&schema["items"])),
            "string" => Some(Self::Text),
            "integer" => Some(Self::Whole),
            "boolean" => Some(Self::Switch),
            "null" => Some(Self::Null),
            _ => None,
        }
    }
}

/// The schema of a key's value in a block, if the block has such a key.
pub(super) fn property<'s>(block: &'s Value, key: &str) -> Option<&'s Value> {
    let named = block["properties"].get(key);
    named.or_else(|| {
        block
            .get("additionalProperties")
            .filter(|any| any.is_object())
    })
}

/// The names of a block's keys.
pub(super) fn keys(block: &Value) -> impl Iterator<Item = &str> {
    let properties = block["properties"].as_object().into_iter().flatten();
    properties.map(|(key, _)| key.as_str())
}

/// The keys that a block must have.
pub(super) fn required(block: &Value) -> impl Iterator<Item = &str> {
    let keys = block["required"].as_array().into_iter().flatten();
    keys.filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};

    use super::{super::file::File, *};

    /// The schema of the types.
    fn generated() -> Value {
        SchemaSettings::draft2020_12()
            .with_transform(RecursiveTransform(without_null))
            .into_generator()
            .into_root_schema_for::<File>()
            .to_value()
    }

    /// Takes `null` out: a key has a value or is left out, so that an access block
    /// whose lines are all commented out does not open the site. A `null` that is described is a
    /// form of its own.
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
    fn the_schema_is_that_of_the_types() {
        let generated = format!("{:#}\n", generated());
        if env::var_os("HUBGATE_WRITE_SCHEMA").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/proxy.schema.json");
            return fs::write(file, generated).unwrap();
        }
        assert!(
            SCHEMA == generated,
            "the types have changed: run HUBGATE_WRITE_SCHEMA=1 cargo test the_schema_is"
        );
    }

    /// Every schema within a schema.
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
    fn every_keyword_of_the_schema_is_one_that_is_read() {
        let told = ["$schema", "title", "description", "default", "format"];
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
                        || told.contains(&keyword.as_str())
                        || read.contains(&keyword.as_str()),
                    "{keyword} in {part}"
                );
            }
        });
    }

    #[test]
    fn every_value_can_be_written_and_as_null_only_where_that_is_described() {
        let root = schema();
        each(&root, &mut |part| {
            assert!(!Form::all(&root, part).is_empty(), "{part}");
            let described = part["description"].is_string();
            assert!(part["type"] != "null" || described, "{part}");
        });
    }

    #[test]
    fn a_choice_lists_all_its_forms() {
        let root = schema();
        let hsts = &root["$defs"]["Hsts"];
        let forms = Form::all(&root, hsts);
        assert_eq!(forms[..2], [Form::Word("auto"), Form::Word("off")]);
        assert!(
            matches!(forms[2], Form::Block(block) if keys(block).eq(["include_subdomains", "max_age"]))
        );
    }
}

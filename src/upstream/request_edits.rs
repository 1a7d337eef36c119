//! An upstream's edits to the head of each request: Host, and fields set or removed.
//!
//! A value in a file is read again when the file changes; while it is invalid, the last valid
//! value stays.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use http::HeaderValue;

use crate::{
    config::model::{self, EditedValue},
    regular_file,
    watched::Watched,
};

/// A value in a file, read again when the file changes.
pub type SecretValue = Watched<HeaderValue>;

/// Values in files, by path; each file is watched once.
pub type SecretValues = HashMap<PathBuf, Arc<SecretValue>>;

/// An upstream's edits to the head of each request.
#[derive(Default)]
pub struct RequestEdits {
    host: Option<HeaderValue>,
    fields: Vec<Field>,
}

struct Field {
    /// The configured name; one with `_` has another entry that removes the name with `-`.
    name: String,
    value: Value,
}

enum Value {
    Text(HeaderValue),
    File(Arc<SecretValue>),
    Removed,
}

impl RequestEdits {
    /// Builds the configured edits; `secrets` has the values of the files that were loaded before.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds no field value.
    pub(super) fn build(
        config: &model::Upstream,
        secrets: &mut SecretValues,
    ) -> anyhow::Result<Self> {
        let mut fields = Vec::new();
        for edit in &config.headers {
            if edit.name.contains('_') {
                fields.push(Field::removed(edit.name.replace('_', "-")));
            }
            fields.push(Field {
                name: edit.name.clone(),
                value: Value::build(&edit.name, &edit.value, secrets)?,
            });
        }
        let host = config.host.clone();
        Ok(Self { host, fields })
    }

    /// The Host that the upstream gets in place of the client's.
    #[must_use]
    pub fn host(&self) -> Option<&HeaderValue> {
        self.host.as_ref()
    }

    /// Each field with its current value; none for a removed field.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Option<HeaderValue>)> {
        let fields = self.fields.iter();
        fields.map(|field| (field.name.as_str(), field.value.current()))
    }
}

impl Field {
    fn removed(name: String) -> Self {
        let value = Value::Removed;
        Self { name, value }
    }
}

impl Value {
    fn build(
        name: &str,
        written: &EditedValue,
        secrets: &mut SecretValues,
    ) -> anyhow::Result<Self> {
        let file = match written {
            EditedValue::Text(text) => return Ok(Self::Text(text.clone())),
            EditedValue::Removed => return Ok(Self::Removed),
            EditedValue::File(file) => file,
        };
        if let Some(secret) = secrets.get(file) {
            return Ok(Self::File(secret.clone()));
        }
        let path = file.clone();
        let secret = Watched::load(vec![file.clone()], move || read(&path));
        let secret = Arc::new(secret.with_context(|| format!("upstream.headers.{name}"))?);
        secrets.insert(file.clone(), secret.clone());
        Ok(Self::File(secret))
    }

    fn current(&self) -> Option<HeaderValue> {
        match self {
            Self::Text(value) => Some(value.clone()),
            Self::File(secret) => Some(HeaderValue::clone(&secret.current())),
            Self::Removed => None,
        }
    }
}

/// Most bytes of a value; servers refuse longer heads.
const LONGEST: usize = 8 * 1024;

/// Reads a value from a file of one line. Errors do not quote it.
fn read(file: &Path) -> anyhow::Result<HeaderValue> {
    let place = || file.display().to_string();
    let content = regular_file::read(file).with_context(place)?;
    let line = content.trim_ascii();
    if line.is_empty() {
        bail!("{}: it is empty: write the value on one line", place());
    }
    if line.len() > LONGEST {
        bail!("{}: it is longer than 8 KiB: shorten the value", place());
    }
    let Ok(mut value) = HeaderValue::from_bytes(line) else {
        bail!(
            "{}: it has control characters or several lines: write the value on one line",
            place()
        );
    };
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::model::HeaderEdit;

    fn edits(headers: Vec<(&str, EditedValue)>) -> anyhow::Result<RequestEdits> {
        let headers = headers.into_iter().map(|(name, value)| HeaderEdit {
            name: name.to_owned(),
            value,
        });
        let config = model::Upstream {
            headers: headers.collect(),
            ..model::Upstream::default()
        };
        RequestEdits::build(&config, &mut SecretValues::new())
    }

    #[test]
    fn a_name_with_an_underscore_removes_the_name_with_a_hyphen() {
        let text = EditedValue::Text(HeaderValue::from_static("a"));
        let edits = edits(vec![("X_Key", text)]).unwrap();
        let fields: Vec<_> = edits.fields().collect();
        let value = Some(HeaderValue::from_static("a"));
        assert_eq!(fields, [("X-Key", None), ("X_Key", value)]);
    }

    #[test]
    fn a_file_has_one_line_that_errors_do_not_quote() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let load = |content: &[u8]| {
            fs::write(&file, content).unwrap();
            let edits = edits(vec![("Authorization", EditedValue::File(file.clone()))]);
            edits.map(|edits| {
                let (_, value) = edits.fields().next().unwrap();
                value.unwrap()
            })
        };
        let value = load(b"Basic YTpi\r\n").unwrap();
        assert_eq!(value, "Basic YTpi");
        assert!(!format!("{value:?}").contains("YTpi"));
        let long = vec![b's'; LONGEST + 1];
        for content in [&b"secret\nX: y"[..], b"secret\0", b" \n", &long] {
            let fault = format!("{:#}", load(content).unwrap_err());
            assert!(
                fault.contains("Authorization") && !fault.contains("ss"),
                "{fault}"
            );
            assert!(!fault.contains("secret"), "{fault}");
        }
        fs::remove_file(&file).unwrap();
        assert!(edits(vec![("A", EditedValue::File(file.clone()))]).is_err());
    }
}

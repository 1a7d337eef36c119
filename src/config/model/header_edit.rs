//! Fields of a request that the hub gets in place of the visitor's.

use std::{fmt, path::PathBuf};

use http::HeaderValue;

/// One field of a request that is set or removed before the hub gets it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderEdit {
    /// The name, spelled as in `proxy.yaml`.
    pub name: String,
    /// The value that the hub gets.
    pub value: EditedValue,
}

/// The value of an edited field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EditedValue {
    /// This value; marked sensitive, so that `Debug` does not print it.
    Text(HeaderValue),
    /// The line of this file, read again when it changes.
    File(PathBuf),
    /// The field is removed.
    Removed,
}

impl fmt::Display for HeaderEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.value {
            EditedValue::Text(_) => write!(f, "sets {name}"),
            EditedValue::File(file) => write!(f, "sets {name} from {}", file.display()),
            EditedValue::Removed => write!(f, "removes {name}"),
        }
    }
}

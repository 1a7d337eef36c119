//! Request headers that replace the client's on their way to the upstream.

use std::{fmt, path::PathBuf};

use http::HeaderValue;

/// A request header that is set or removed before a request is forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderEdit {
    /// Name, spelled as in `proxy.yaml`.
    pub name: String,
    /// Value that the upstream receives.
    pub value: EditedValue,
}

/// The value of an edited header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EditedValue {
    /// This value, marked as sensitive so that `Debug` does not print it.
    Text(HeaderValue),
    /// The only line of this file, which is reloaded when it changes.
    File(PathBuf),
    /// No value: the header is removed.
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

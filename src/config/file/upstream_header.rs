//! A value of `upstream.headers`, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// A request header that replaces the client's on its way to the hub.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum UpstreamHeader {
    /// The value.
    Text(String),
    /// A file with the value.
    Secret(SecretFile),
    /// `null`: the header is removed.
    Removed,
}

/// A secret value in a file of its own.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretFile {
    /// File with the value as its only line; reloaded when it changes.
    pub(crate) file: String,
}

impl std::fmt::Debug for UpstreamHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Secret(_) => "Secret(…)",
            Self::Removed => "Removed",
        })
    }
}

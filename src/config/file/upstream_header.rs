//! `upstream.headers`: one field of a request as the hub gets it.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// A field of a request as the hub gets it, in place of the visitor's.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum UpstreamHeader {
    /// Its value.
    Text(String),
    /// Its value, in a file.
    Secret(SecretFile),
    /// Removes it.
    Removed,
}

/// A value that is kept out of `proxy.yaml`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretFile {
    /// File whose one line is the value; it is read again when it changes.
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

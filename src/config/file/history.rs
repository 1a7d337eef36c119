//! The `history` key, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// The history of entries and refusals, in the state folder.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct History {
    /// Time after which addresses of clients are forgotten, from `1d` to `400d`; `off` stores none. Counts stay.
    pub(crate) addresses: String,
}

impl Default for History {
    fn default() -> Self {
        Self {
            addresses: "30d".into(),
        }
    }
}

//! `hubgate schema`: the JSON schema of `proxy.yaml`.

use super::print_json;
use crate::config;

/// Prints the schema.
pub(super) fn run() -> anyhow::Result<()> {
    print_json(&config::schema())
}

//! `hubgate schema`: the JSON schema of `proxy.yaml`.

use super::print;
use crate::config;

/// Prints the schema.
pub(super) fn run() -> anyhow::Result<()> {
    print(&format!("{:#}\n", config::schema()))
}

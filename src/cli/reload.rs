//! `hubgate reload`: has the running process read its configuration again.

use std::path::Path;

use super::print;
use crate::{config, server::control};

/// Reloads, or tells what is wrong; then the running process goes on as before.
pub(super) fn run(path: &Path) -> anyhow::Result<()> {
    let config = config::load(path)?;
    control::reload(&config.state)?;
    print("reloaded\n")
}

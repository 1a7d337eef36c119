//! `hubgate reload`: has the running process reload its configuration.

use std::path::Path;

use super::print;
use crate::{config, server::control};

/// Reloads the configuration. If it has a fault, the running process continues unchanged.
pub(super) fn run(path: &Path) -> anyhow::Result<()> {
    let config = config::load(path)?;
    control::reload(&config.state)?;
    print("reloaded\n")
}

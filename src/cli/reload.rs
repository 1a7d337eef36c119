//! `hubgate reload`: has the running process reload its configuration.

use std::path::Path;

use super::print;
use crate::{config, server::control::ControlClient};

/// Reloads the configuration. If it has a fault, the running process continues unchanged.
pub(super) fn run(path: &Path) -> anyhow::Result<()> {
    let config = config::load(path)?;
    ControlClient::new(&config.state).reload()?;
    print("reloaded\n")
}

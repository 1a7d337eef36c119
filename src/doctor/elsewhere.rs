//! A reading of what the configuration names, with the rights that `run` has, that leaves nothing
//! behind.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use anyhow::Context;

use crate::{clients, config::model::Config, secret_file::OwnerRights, tls};

/// Has `look` take the configuration with a state folder that goes away again.
///
/// # Errors
/// When no folder can be made or the client CA cannot be read, and those of `look`.
pub(crate) fn rehearse<T>(
    config: &Config,
    look: impl FnOnce(Config) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    tls::install_provider();
    let _rights = OwnerRights::assume(&config.state)?;
    // Always a new one, as in a folder that everybody writes to one that is there may be a trap.
    let folder = tempfile::Builder::new()
        .prefix("hubgate-check-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .context("point TMPDIR at a folder that can be written to")?;
    let elsewhere = Config {
        state: folder.path().to_owned(),
        ..config.clone()
    };
    if config.has_own_clients() {
        let shadow = clients::Folder::of(folder.path());
        clients::Folder::of(&config.state).rehearse(&shadow)?;
    }
    look(elsewhere)
}

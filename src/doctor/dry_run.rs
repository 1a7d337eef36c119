//! A dry run on the files of the configuration, with the rights of `run`, in a temporary folder.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use anyhow::Context;

use crate::{config::model::Config, devices, private_file::OwnerRights, tls};

/// Calls `run` with the configuration and a temporary state folder.
///
/// # Errors
/// Fails if the folder cannot be made or the client CA cannot be read, and with the errors of
/// `run`.
pub(crate) fn dry_run<T>(
    config: &Config,
    run: impl FnOnce(Config) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    tls::install_provider();
    let _rights = OwnerRights::assume(&config.state)?;
    // Always a new folder: in a shared one, an existing folder may belong to another user.
    let folder = tempfile::Builder::new()
        .prefix("hubgate-check-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .context("point TMPDIR at a folder that can be written to")?;
    let elsewhere = Config {
        state: folder.path().to_owned(),
        ..config.clone()
    };
    if config.uses_own_ca() {
        let shadow = devices::ClientCaStore::new(folder.path());
        devices::ClientCaStore::new(&config.state).dry_run(&shadow)?;
    }
    run(elsewhere)
}

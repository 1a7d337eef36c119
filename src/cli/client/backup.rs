//! `hubgate client export` and `import`.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::Context;
use zeroize::Zeroizing;

use super::super::{print, prompt};
use crate::{
    clients::Folder,
    config::model::Config,
    regular_file,
    secret_file::{OwnerRights, explained},
    server::control,
};

/// Writes the backup to a new file.
pub(super) fn export(config: &Config, file: &Path) -> anyhow::Result<()> {
    let keep = |typed: &str| Ok(Zeroizing::new(typed.to_owned()));
    let passphrase = prompt::new_secret("passphrase: ", keep)?;
    let backup = Folder::of(&config.state).export(&passphrase)?;
    let _rights = OwnerRights::assume(file).with_context(|| file.display().to_string())?;
    let mut options = OpenOptions::new();
    let created = options.write(true).create_new(true).mode(0o600).open(file);
    let written = created.and_then(|mut created| {
        created.write_all(backup.as_bytes())?;
        created.sync_all()
    });
    written
        .map_err(explained)
        .with_context(|| format!("{}: cannot be written", file.display()))?;
    print(&format!(
        "exported to {}; without the passphrase it is worth nothing\n",
        file.display()
    ))
}

/// Puts a backup back.
pub(super) fn import(config: &Config, file: &Path, replace: bool) -> anyhow::Result<()> {
    let backup = regular_file::read_to_string(file).with_context(|| file.display().to_string())?;
    let passphrase = prompt::once("passphrase: ")?;
    Folder::of(&config.state)
        .import(&backup, &passphrase, replace)
        .with_context(|| file.display().to_string())?;
    match control::look(&config.state) {
        Err(fault) if !control::is_nobody(&fault) => Err(fault),
        _ => print("imported\n"),
    }
}

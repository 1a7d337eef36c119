//! `hubgate client export` and `import`.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::Context;
use zeroize::Zeroizing;

use super::super::{print, prompt::SecretPrompt};
use crate::{
    devices::ClientCaStore,
    private_file::{OwnerRights, explained},
    regular_file,
    server::control::ControlClient,
};

const PASSPHRASE: SecretPrompt = SecretPrompt("passphrase: ");

/// The state folder with the registry, and the file of its backup.
pub(super) struct Backup<'a> {
    pub(super) state: &'a Path,
    pub(super) file: &'a Path,
}

impl Backup<'_> {
    /// Writes the registry to a new file.
    pub(super) fn export(&self) -> anyhow::Result<()> {
        let accept = |typed: &str| Ok(Zeroizing::new(typed.to_owned()));
        let passphrase = PASSPHRASE.read_new(accept)?;
        let backup = ClientCaStore::new(self.state).export(&passphrase)?;
        let _rights = OwnerRights::assume(self.file).with_context(|| self.shown())?;
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let written = options.open(self.file).and_then(|mut created| {
            created.write_all(backup.as_bytes())?;
            created.sync_all()
        });
        written
            .map_err(explained)
            .with_context(|| format!("{}: cannot be written", self.shown()))?;
        print(&format!(
            "exported to {}; it cannot be restored without the passphrase\n",
            self.shown()
        ))
    }

    /// Restores the registry from the file.
    pub(super) fn import(&self, replace: bool) -> anyhow::Result<()> {
        let backup = regular_file::read_to_string(self.file).with_context(|| self.shown())?;
        let passphrase = PASSPHRASE.read()?;
        ClientCaStore::new(self.state)
            .import(&backup, &passphrase, replace)
            .with_context(|| self.shown())?;
        match ControlClient::new(self.state).poll_files() {
            Err(fault) if !ControlClient::is_not_running(&fault) => Err(fault),
            _ => print("imported\n"),
        }
    }

    fn shown(&self) -> String {
        self.file.display().to_string()
    }
}

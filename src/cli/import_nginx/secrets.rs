//! The private files of an import, one for each secret value of `proxy.yaml`.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use anyhow::{Context, bail};
use rustix::process::geteuid;

use super::Target;
use crate::{
    nginx::{Import, SecretFile},
    private_file::{PrivateFile, PrivateFolder},
};

impl Target<'_> {
    /// Writes the files beside `proxy.yaml`, readable for the owner of `state` only.
    ///
    /// # Errors
    /// Fails if a file exists with another content, or cannot be written.
    pub(super) fn write_secrets(&self, imported: &Import) -> anyhow::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        for secret in &imported.secrets {
            let file = folder.join(&secret.path);
            let shown = || file.display().to_string();
            if !self.force && has_other_content(&file, &secret.value) {
                bail!(super::exists(&file));
            }
            make_folder(&file, &imported.state).with_context(shown)?;
            let line = format!("{}\n", secret.value);
            PrivateFile(&file)
                .write(line.as_bytes())
                .with_context(shown)?;
        }
        Ok(())
    }
}

/// Lists the files that `proxy.yaml` names, where only its text is printed.
pub(super) fn unwritten(secrets: &[SecretFile]) -> String {
    let paths = secrets
        .iter()
        .map(|secret| format!("\n  {}", secret.path.display()));
    let paths: String = paths.collect();
    format!("not written: the files of secrets, which `--out FILE` writes beside FILE:{paths}")
}

fn has_other_content(file: &Path, value: &str) -> bool {
    let content = PrivateFile(file).read();
    content.is_ok_and(|content| content.trim_ascii() != value.trim().as_bytes())
}

/// Makes the folder of a file; root gives it to the owner of `state`, the service's user.
fn make_folder(file: &Path, state: &Path) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    if folder.exists() {
        return Ok(());
    }
    PrivateFolder(folder).create_if_missing()?;
    let service = fs::metadata(state)
        .ok()
        .filter(|metadata| metadata.uid() != 0);
    match service.filter(|_| geteuid().is_root()) {
        Some(owner) => std::os::unix::fs::lchown(folder, Some(owner.uid()), Some(owner.gid())),
        None => Ok(()),
    }
}

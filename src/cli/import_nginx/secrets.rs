//! The private files of an import: one for each value that is kept out of `proxy.yaml`.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use anyhow::{Context, bail};
use rustix::process::geteuid;

use crate::{
    nginx::{Import, SecretFile},
    secret_file,
};

/// Writes the files below the folder of `proxy.yaml`, for the owner of `state` alone to read.
///
/// # Errors
/// A file that is there has another content, or one cannot be written.
pub(super) fn write(out: &Path, imported: &Import, force: bool) -> anyhow::Result<()> {
    let folder = out.parent().unwrap_or(Path::new(""));
    for secret in &imported.secrets {
        let file = folder.join(&secret.path);
        let shown = || file.display().to_string();
        must_be_free(&file, &secret.value, force)?;
        hand_over(&file, &imported.state).with_context(shown)?;
        let line = format!("{}\n", secret.value);
        secret_file::write(&file, line.as_bytes()).with_context(shown)?;
    }
    Ok(())
}

/// Which files `proxy.yaml` names, where nothing but the text was asked for.
pub(super) fn unwritten(secrets: &[SecretFile]) -> String {
    let paths = secrets
        .iter()
        .map(|secret| format!("\n  {}", secret.path.display()));
    let paths: String = paths.collect();
    format!("not written: the files of secrets, which `--out FILE` writes beside FILE:{paths}")
}

fn must_be_free(file: &Path, value: &str, force: bool) -> anyhow::Result<()> {
    let Ok(content) = secret_file::read(file) else {
        return Ok(());
    };
    match !force && content.trim_ascii() != value.trim().as_bytes() {
        true => bail!(super::is_there(file)),
        false => Ok(()),
    }
}

/// Makes the folder of a file, which root gives to the owner of `state`: the service reads it.
fn hand_over(file: &Path, state: &Path) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    if folder.exists() {
        return Ok(());
    }
    secret_file::make_folder(folder)?;
    let service = fs::metadata(state).ok().filter(|meta| meta.uid() != 0);
    match service.filter(|_| geteuid().is_root()) {
        Some(meta) => std::os::unix::fs::lchown(folder, Some(meta.uid()), Some(meta.gid())),
        None => Ok(()),
    }
}

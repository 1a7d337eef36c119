//! Copies of a certificate for other programs, and word to them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use super::{program::Program, set::CertificateSet};
use crate::{config::model::Export, file_access::FileAccess, secret_file};

/// How long the program that is told may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Writes `FOLDER/NAME/privkey.pem` and `fullchain.pem`, then runs the program, if any.
///
/// # Errors
/// A file that cannot be written, or a program that fails or takes longer than two minutes.
pub(super) async fn export(
    export: &Export,
    name: &str,
    set: &CertificateSet,
    files: &FileAccess,
) -> anyhow::Result<()> {
    let folder = folder(export, name);
    let (copies, set) = (folder.clone(), set.clone());
    files.run(move || write_copies(&copies, &set)).await??;
    match &export.run {
        Some(program) => run(program, name, &folder).await,
        None => Ok(()),
    }
}

/// Whether the copies are those of this certificate.
pub(super) async fn is_there(
    export: &Export,
    name: &str,
    set: &CertificateSet,
    files: &FileAccess,
) -> bool {
    let (folder, set) = (folder(export, name), set.clone());
    let compared = files.run(move || are_copies(&folder, &set)).await;
    compared.unwrap_or(false)
}

fn are_copies(folder: &Path, set: &CertificateSet) -> bool {
    let is = |file, text: &str| {
        let there = secret_file::read(&folder.join(file));
        there.is_ok_and(|copy| copy == lines(text).as_bytes())
    };
    is("privkey.pem", set.key.pem()) && is("fullchain.pem", &set.chain_pem)
}

/// A text of whole lines, so that copies can be joined.
fn lines(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

fn folder(export: &Export, name: &str) -> PathBuf {
    export.folder.join(name.replace(['*', ':'], "_"))
}

fn write_copies(folder: &Path, set: &CertificateSet) -> anyhow::Result<()> {
    write(&folder.join("privkey.pem"), set.key.pem())?;
    write(&folder.join("fullchain.pem"), &set.chain_pem)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    secret_file::write(file, lines(text).as_bytes())
        .with_context(|| format!("{}: cannot be written", file.display()))
}

async fn run(program: &Path, name: &str, folder: &Path) -> anyhow::Result<()> {
    let called = Program::new(program).args([name.as_ref(), folder.as_os_str()]);
    let ended = called.run(PATIENCE).await;
    ended.map_err(|cause| anyhow!("{}: {cause}", program.display()))
}

#[cfg(test)]
mod tests {
    use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt};

    use time::OffsetDateTime;

    use super::*;
    use crate::{
        acme::{private_key::PrivateKey, set::Meta},
        tls::testing::Folder,
    };

    fn set() -> CertificateSet {
        CertificateSet {
            meta: Meta {
                identifiers: Vec::new(),
                directory: String::new(),
                account: None,
                issued_at: OffsetDateTime::UNIX_EPOCH,
                renewal_id: None,
            },
            key: PrivateKey::new("key".into()),
            chain_pem: "chain".into(),
        }
    }

    fn to(folder: &Folder, script: &str) -> Export {
        let program = folder.write("run", script);
        fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
        Export {
            folder: folder.path("copies"),
            run: Some(program),
        }
    }

    #[tokio::test]
    async fn the_copies_are_there_when_the_program_is_told() {
        let folder = Folder::new();
        let script = "#!/bin/sh\ncat \"$2/privkey.pem\" \"$2/fullchain.pem\" >\"$2/$1\"\n";
        let to = to(&folder, script);
        export(&to, "a.test", &set(), &FileAccess::default())
            .await
            .unwrap();
        let read = fs::read_to_string(folder.path("copies/a.test/a.test")).unwrap();
        assert_eq!(read, "key\nchain\n");
    }

    #[tokio::test]
    async fn a_program_that_fails_is_named_with_its_status() {
        let folder = Folder::new();
        let to = to(&folder, "#!/bin/sh\necho 'no such service'\nexit 3\n");
        let fault = export(&to, "a.test", &set(), &FileAccess::default())
            .await
            .unwrap_err()
            .to_string();
        assert!(
            fault.ends_with("run: exit status: 3: no such service"),
            "{fault}"
        );
    }
}

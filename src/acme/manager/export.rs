//! The copies of a certificate for other programs, and the program that is run for them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use crate::{
    acme::{program::Program, store::stored_certificate::StoredCertificate},
    config::model::Export,
    file_access::FileAccess,
    private_file::PrivateFile,
};

/// Time limit of the program.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The copies of one certificate: `FOLDER/NAME/privkey.pem` and `fullchain.pem`.
#[derive(Clone)]
pub(crate) struct Copies {
    name: String,
    folder: PathBuf,
    program: Option<PathBuf>,
    certificate: StoredCertificate,
}

impl Copies {
    pub(crate) fn new(export: &Export, name: &str, certificate: StoredCertificate) -> Self {
        Self {
            name: name.to_owned(),
            folder: export.folder.join(name.replace(['*', ':'], "_")),
            program: export.run.clone(),
            certificate,
        }
    }

    /// Writes the copies, then runs the program, if one is configured.
    ///
    /// # Errors
    /// A file that cannot be written, or a program that fails or exceeds its two minutes.
    pub(crate) async fn deliver(&self, files: &FileAccess) -> anyhow::Result<()> {
        let copies = self.clone();
        files.run(move || copies.write()).await??;
        match &self.program {
            Some(program) => self.run(program, files).await,
            None => Ok(()),
        }
    }

    /// Returns true if the files are copies of this certificate.
    pub(crate) async fn are_current(&self, files: &FileAccess) -> bool {
        let copies = self.clone();
        let compared = files.run(move || copies.compare()).await;
        compared.unwrap_or(false)
    }

    fn compare(&self) -> bool {
        self.contents().iter().all(|(file, content)| {
            let copy = PrivateFile(&self.folder.join(file)).read();
            copy.is_ok_and(|copy| copy == content.as_bytes())
        })
    }

    fn write(&self) -> anyhow::Result<()> {
        for (file, content) in self.contents() {
            let file = self.folder.join(file);
            PrivateFile(&file)
                .write(content.as_bytes())
                .with_context(|| format!("{}: cannot be written", file.display()))?;
        }
        Ok(())
    }

    /// Returns the name and the content of each file. Contents end with a line feed, so that they
    /// can be concatenated.
    fn contents(&self) -> [(&'static str, String); 2] {
        let (key, chain) = (self.certificate.key.pem(), &self.certificate.chain_pem);
        [
            ("privkey.pem", format!("{}\n", key.trim_end())),
            ("fullchain.pem", format!("{}\n", chain.trim_end())),
        ]
    }

    async fn run(&self, program: &Path, files: &FileAccess) -> anyhow::Result<()> {
        let arguments = [self.name.as_ref(), self.folder.as_os_str()];
        let program_run = Program::new(program).args(arguments);
        let ended = program_run.run(files, TIMEOUT).await;
        ended.map_err(|cause| anyhow!("{}: {cause}", program.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt};

    use time::OffsetDateTime;

    use super::*;
    use crate::{
        acme::store::{private_key::PrivateKey, stored_certificate::Meta},
        tls::testing::Folder,
    };

    fn copies(folder: &Folder, script: &str) -> Copies {
        let program = folder.write("run", script);
        fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
        let export = Export {
            folder: folder.path("copies"),
            run: Some(program),
        };
        let certificate = StoredCertificate {
            meta: Meta {
                identifiers: Vec::new(),
                directory: String::new(),
                account: None,
                issued_at: OffsetDateTime::UNIX_EPOCH,
                renewal_id: None,
            },
            key: PrivateKey::new("key".into()),
            chain_pem: "chain".into(),
        };
        Copies::new(&export, "a.test", certificate)
    }

    #[tokio::test]
    async fn the_program_runs_after_the_copies_are_written() {
        let folder = Folder::new();
        let script = "#!/bin/sh\ncat \"$2/privkey.pem\" \"$2/fullchain.pem\" >\"$2/$1\"\n";
        let copies = copies(&folder, script);
        let files = FileAccess::default();
        assert!(!copies.are_current(&files).await);
        copies.deliver(&files).await.unwrap();
        let read = fs::read_to_string(folder.path("copies/a.test/a.test")).unwrap();
        assert_eq!(read, "key\nchain\n");
        assert!(copies.are_current(&files).await);
    }

    #[tokio::test]
    async fn a_program_that_fails_is_reported_with_its_status() {
        let folder = Folder::new();
        let copies = copies(&folder, "#!/bin/sh\necho 'no such service'\nexit 3\n");
        let delivered = copies.deliver(&FileAccess::default()).await;
        let fault = delivered.unwrap_err().to_string();
        assert!(
            fault.ends_with("run: exit status: 3: no such service"),
            "{fault}"
        );
    }
}

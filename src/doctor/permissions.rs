//! The permissions of files that must stay private.

use std::{collections::BTreeSet, fs, io, os::unix::fs::PermissionsExt, path::Path};

use super::{Finding, Installation};
use crate::{config::model::EditedValue, regular_file};

/// Most checked files and folders in the state folder.
const MAX_FILES: usize = 5000;

const SUBJECT: &str = "files";

/// A file of hubgate or of the operator.
pub(super) struct PrivateFile<'p>(pub(super) &'p Path);

/// The state folder, without the copies that are exported for other programs.
struct StateFolder<'p> {
    path: &'p Path,
    exported: Option<&'p Path>,
}

impl Installation {
    /// Reports files that other users may read or write.
    pub(super) fn files(&self) -> Vec<Finding> {
        let configuration = PrivateFile(&self.path).as_configuration();
        let mut found: Vec<_> = configuration.into_iter().collect();
        let rules = self.config.sites.iter().flat_map(|site| site.rules());
        let passwords: BTreeSet<_> = rules.filter_map(|rule| rule.password.as_deref()).collect();
        let passwords = passwords.into_iter();
        found.extend(passwords.filter_map(|file| PrivateFile(file).as_passwords()));
        let secrets = self.header_files().into_iter();
        found.extend(secrets.filter_map(|file| PrivateFile(file).as_header()));
        let export = self.config.acme.export.as_ref();
        let state = StateFolder {
            path: &self.config.state,
            exported: export.map(|export| export.folder.as_path()),
        };
        found.extend(state.findings());
        if found.is_empty() {
            let state = self.config.state.display();
            let cause = format!("{state} and the passwords are private");
            found.push(Finding::ok(SUBJECT, cause));
        }
        found
    }

    /// Returns the files of `upstream.headers`.
    fn header_files(&self) -> BTreeSet<&Path> {
        let sites = self.config.sites.iter();
        sites
            .flat_map(|site| site.upstreams())
            .flat_map(|upstream| &upstream.headers)
            .filter_map(|edit| match &edit.value {
                EditedValue::File(file) => Some(file.as_path()),
                EditedValue::Text(_) | EditedValue::Removed => None,
            })
            .collect()
    }
}

impl PrivateFile<'_> {
    /// Reports a configuration that every user may write, and so change its access rules.
    pub(super) fn as_configuration(&self) -> Option<Finding> {
        self.finding(0o002, "every user may write it", "chmod o-w")
    }

    fn as_header(&self) -> Option<Finding> {
        let cause = "every user may read or write the value of a header";
        self.finding(0o007, cause, "chmod o=")
    }

    /// Reports passwords that every user may write or read; openHABian makes its file readable, so
    /// that is a warning only.
    fn as_passwords(&self) -> Option<Finding> {
        let written = "every user may write these password hashes";
        let read = "every user on this machine may read these password hashes";
        self.finding(0o002, written, "chmod o=").or_else(|| {
            let found = self.finding(0o005, read, "chmod o=")?;
            let file = self.0.display();
            Some(Finding::warn(SUBJECT, found.cause).cure(format!(
                "where only hubgate uses it: chgrp hubgate {file} && chmod 0640 {file}"
            )))
        })
    }

    fn as_secret(&self) -> Option<Finding> {
        let cause = "others than its owner may read or write it, and it may be a secret";
        self.finding(0o077, cause, "chmod 600")
    }

    /// Reports the file if it gives other users one of these permissions.
    fn finding(&self, permissions: u32, cause: &str, command: &str) -> Option<Finding> {
        let file = self.0.display();
        match fs::metadata(self.0) {
            // The check that needs the file reports that it is missing.
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
            Err(fault) => Some(self.unreadable(&fault)),
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                (mode & permissions != 0).then(|| {
                    Finding::fail(SUBJECT, format!("{file}: {cause} (mode {mode:04o})"))
                        .cure(format!("run: {command} {file}"))
                })
            }
        }
    }

    fn unreadable(&self, fault: &io::Error) -> Finding {
        let cause = format!("{}: cannot be read: {fault}", self.0.display());
        Finding::warn(SUBJECT, cause).cure("run it with sudo, or check its disk")
    }

    /// Reports whether the path is a folder; a link to a folder is not, as it may lead out of the
    /// state folder.
    fn is_folder(&self) -> bool {
        fs::symlink_metadata(self.0).is_ok_and(|metadata| metadata.is_dir())
    }

    fn is_secret(&self) -> bool {
        let is_file = fs::symlink_metadata(self.0).is_ok_and(|metadata| metadata.is_file());
        is_file && !self.is_public()
    }

    /// Reports whether the file is a note, a revocation list, a certificate without a key, or
    /// `.gitignore`.
    fn is_public(&self) -> bool {
        // Part of the source tree, in the default state folder.
        if self.0.file_name().is_some_and(|name| name == ".gitignore") {
            return true;
        }
        match self.0.extension().and_then(|extension| extension.to_str()) {
            Some("md" | "crl" | "crt" | "cer") => true,
            Some("pem") => regular_file::read(self.0).is_ok_and(|text| !has_key(&text)),
            _ => false,
        }
    }
}

impl StateFolder<'_> {
    /// Checks the folder and every secret in it.
    fn findings(&self) -> Vec<Finding> {
        let (mut found, mut secrets) = (Vec::new(), 0);
        let (mut folders, mut left) = (vec![self.path.to_owned()], MAX_FILES);
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries.flatten().take(left).map(|entry| entry.path()),
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => continue,
                Err(fault) => {
                    found.push(PrivateFile(&folder).unreadable(&fault));
                    continue;
                }
            };
            let paths: Vec<_> = entries
                .filter(|path| Some(path.as_path()) != self.exported)
                .collect();
            left -= paths.len();
            for path in paths {
                let file = PrivateFile(&path);
                if file.is_secret() {
                    secrets += 1;
                    found.extend(file.as_secret());
                }
                if file.is_folder() {
                    folders.push(path);
                }
            }
        }
        let cause = "others than its owner may enter this folder, which contains the keys";
        // A folder without a secret is no fault: hubgate makes it private with the first one.
        let folder = PrivateFile(self.path).finding(0o077, cause, "chmod 700");
        let folder = folder.filter(|_| secrets > 0);
        folder.into_iter().chain(found).collect()
    }
}

fn has_key(text: &[u8]) -> bool {
    let mark = b"PRIVATE KEY-----";
    text.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doctor::Level, tls::testing::Folder};

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_that_other_users_may_read_fails_and_a_certificate_does_not() {
        let folder = Folder::new();
        let key = folder.write("deep.pem", "-----BEGIN PRIVATE KEY-----");
        let certificate = folder.write("home.pem", "-----BEGIN CERTIFICATE-----");
        let state = key.parent().unwrap();
        set(state, 0o700);
        let ignored = folder.write(".gitignore", "*");
        for file in [&key, &certificate, &ignored] {
            set(file, 0o644);
        }
        let found = StateFolder {
            path: state,
            exported: None,
        }
        .findings();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].cause.contains("deep.pem"), "{found:?}");
        assert_eq!(found[0].level, Level::Fail);
        set(&key, 0o600);
        assert_eq!(
            StateFolder {
                path: state,
                exported: None
            }
            .findings(),
            []
        );
    }

    #[test]
    fn a_folder_that_other_users_may_enter_fails_and_a_missing_one_does_not() {
        let folder = Folder::new();
        let state = folder.path("state");
        assert_eq!(
            StateFolder {
                path: &state,
                exported: None
            }
            .findings(),
            []
        );
        fs::create_dir(&state).unwrap();
        set(&state, 0o755);
        assert_eq!(
            StateFolder {
                path: &state,
                exported: None
            }
            .findings(),
            [],
            "the first key closes it"
        );
        fs::write(state.join("key"), "").unwrap();
        set(&state.join("key"), 0o600);
        assert!(
            StateFolder {
                path: &state,
                exported: None
            }
            .findings()[0]
                .cause
                .contains("mode 0755")
        );
    }

    #[test]
    fn readable_passwords_are_a_warning_and_writable_ones_fail() {
        let folder = Folder::new();
        let file = folder.write("htpasswd", "anna:x");
        set(&file, 0o644);
        let found = PrivateFile(&file).as_passwords().unwrap();
        assert_eq!(found.level, Level::Warn);
        assert!(found.cure.unwrap().contains("chgrp hubgate"));
        set(&file, 0o666);
        assert_eq!(
            PrivateFile(&file).as_passwords().unwrap().level,
            Level::Fail
        );
        set(&file, 0o640);
        assert_eq!(PrivateFile(&file).as_passwords(), None);
    }

    #[test]
    fn exported_copies_are_for_other_programs() {
        let folder = Folder::new();
        let export = folder.path("export");
        fs::create_dir(&export).unwrap();
        fs::write(export.join("privkey.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
        let state = export.parent().unwrap();
        set(state, 0o700);
        set(&export.join("privkey.pem"), 0o640);
        assert_eq!(
            StateFolder {
                path: state,
                exported: Some(&export)
            }
            .findings(),
            []
        );
        assert_eq!(
            StateFolder {
                path: state,
                exported: None
            }
            .findings()
            .len(),
            1
        );
    }
}

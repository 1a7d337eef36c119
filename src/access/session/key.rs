//! The key that signs session cookies (HMAC-SHA-256), in a file that outlives the process.

use std::path::Path;

use anyhow::anyhow;
use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{config::model::Host, private_file::PrivateFile};

/// The key that signs session cookies; it has no `Debug`, so that it is never printed.
pub struct Key(hmac::Key);

/// A key, and the fault of its file.
pub struct LoadedKey {
    /// The key.
    pub key: Key,
    /// Fault that ends earlier sessions, or ends new ones with the process.
    pub warning: Option<String>,
}

/// Length of the key and of each signature, in bytes.
const LENGTH: usize = 32;
/// Longest cookie value that is verified, in characters; hubgate's own are shorter.
const MAX_COOKIE: usize = 640;
/// First signed byte of a cookie, so that the signature of an entry is invalid for a cookie.
const COOKIE: u8 = 1;
/// First signed byte of an htpasswd entry.
const ENTRY: u8 = 2;

impl Key {
    /// Loads the key of a file, or generates one and writes it there with mode 0600.
    ///
    /// # Errors
    /// The system provides no random bytes.
    pub fn load(file: &Path) -> anyhow::Result<LoadedKey> {
        let place = file.display();
        let found = match PrivateFile(file).read().map(Zeroizing::new) {
            Ok(bytes) if bytes.len() == LENGTH => return Ok(Self::from_file(file, &bytes)),
            Ok(_) => Some(format!(
                "{place}: not a key of 32 bytes, so hubgate made a new one"
            )),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => None,
            Err(fault) => Some(format!("{place}: cannot be read ({fault})")),
        };
        let mut bytes = Zeroizing::new([0; LENGTH]);
        rand::fill(&mut *bytes).map_err(|_| anyhow!("the system provides no random bytes"))?;
        let unwritten = PrivateFile(file).write(&*bytes).err();
        let unwritten = unwritten.map(|fault| format!("{place}: cannot be written ({fault}): sessions end with the process; correct the folder's owner"));
        Ok(LoadedKey {
            key: Self::new(&*bytes),
            warning: unwritten
                .or(found.map(|fault| format!("{fault}: every earlier session has ended, and browsers ask for the password again"))),
        })
    }

    fn from_file(file: &Path, bytes: &[u8]) -> LoadedKey {
        let exposed = PrivateFile(file).restrict().err();
        LoadedKey {
            key: Self::new(bytes),
            warning: exposed.map(|fault| {
                format!(
                    "{}: others may read this key ({fault}): give it mode 0600",
                    file.display()
                )
            }),
        }
    }

    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Returns the signed cookie value of a payload for one site.
    pub(super) fn seal(&self, site: &Host, payload: &[u8]) -> String {
        let signature = hmac::sign(&self.0, &message(site, payload));
        URL_SAFE_NO_PAD.encode([payload, signature.as_ref()].concat())
    }

    /// Verifies a cookie value of one site and returns its payload.
    pub(super) fn open(&self, site: &Host, text: &[u8]) -> Option<Vec<u8>> {
        if text.len() > MAX_COOKIE {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, signature) = bytes.split_at_checked(bytes.len().checked_sub(LENGTH)?)?;
        hmac::verify(&self.0, &message(site, payload), signature).ok()?;
        Some(payload.to_vec())
    }

    /// Returns a keyed tag of an htpasswd entry, which reveals nothing of the entry.
    pub(super) fn tag(&self, fingerprint: &[u8; 32]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &[&[ENTRY], &fingerprint[..]].concat());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// Verifies the tag of an htpasswd entry in constant time.
    pub(super) fn is_tag(&self, fingerprint: &[u8; 32], tag: &[u8; 32]) -> bool {
        hmac::verify(&self.0, &[&[ENTRY], &fingerprint[..]].concat(), tag).is_ok()
    }
}

/// Returns the bytes that are signed for a cookie. The site is one of them and not sent, so that
/// the cookie of one site is invalid at another.
fn message(site: &Host, payload: &[u8]) -> Vec<u8> {
    let site = site.to_string();
    [&[COOKIE], site.as_bytes(), &[0], payload].concat()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn sealed_by(key: &Key) -> String {
        key.seal(&Host::Name("a".into()), b"x")
    }

    #[test]
    fn a_key_is_made_once_with_mode_0600_and_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/session.key");
        let first = Key::load(&file).unwrap();
        assert_eq!(first.warning, None);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read(&file).unwrap().len(), 32);
        let second = Key::load(&file).unwrap();
        assert_eq!(sealed_by(&first.key), sealed_by(&second.key));
    }

    #[test]
    fn a_key_that_others_may_read_gets_mode_0600() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.key");
        fs::write(&file, [7; 32]).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Key::load(&file).unwrap().warning, None);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_replaced_and_one_that_cannot_be_written_still_signs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.key");
        for damage in [&b""[..], &[7; 31], &[7; 33]] {
            fs::write(&file, damage).unwrap();
            let made = Key::load(&file).unwrap();
            assert!(made.warning.unwrap().contains("not a key of 32 bytes"));
            assert_eq!(fs::read(&file).unwrap().len(), 32);
            let stored = Key::load(&file).unwrap();
            assert_eq!(sealed_by(&made.key), sealed_by(&stored.key));
        }
        fs::write(folder.path().join("file"), "").unwrap();
        let unwritten = Key::load(&folder.path().join("file/session.key")).unwrap();
        assert!(unwritten.warning.unwrap().contains("cannot be written"));
    }
}

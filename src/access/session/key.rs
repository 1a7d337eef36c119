//! The key that signs the sessions, kept in a file over restarts.

use std::path::Path;

use anyhow::anyhow;
use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{config::model::Host, secret_file};

/// What signs sessions; prints nothing of itself.
pub struct Key(hmac::Key);

/// A key, and what was wrong with its file.
pub struct Loaded {
    /// The key.
    pub key: Key,
    /// Why sessions of before end, or those of now will.
    pub warning: Option<String>,
}

/// Bytes of the key, and of each signature.
const LENGTH: usize = 32;
/// Characters of a cookie beyond which it is not looked at; ours are shorter.
const LONGEST: usize = 640;
/// What a signature is for: one made for the one is never taken for the other.
const COOKIE: u8 = 1;
const ENTRY: u8 = 2;

impl Key {
    /// Takes the key of the file, or makes one and keeps it there, for nobody else to read.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn load(file: &Path) -> anyhow::Result<Loaded> {
        let place = file.display();
        let found = match secret_file::read(file).map(Zeroizing::new) {
            Ok(bytes) if bytes.len() == LENGTH => return Ok(Self::found(file, &bytes)),
            Ok(_) => Some(format!(
                "{place}: not a key of 32 bytes, so a new one is made"
            )),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => None,
            Err(fault) => Some(format!("{place}: cannot be read ({fault})")),
        };
        let mut bytes = Zeroizing::new([0; LENGTH]);
        rand::fill(&mut *bytes).map_err(|_| anyhow!("the system gives no random bytes"))?;
        let unkept = secret_file::write(file, &*bytes).err();
        let unkept = unkept.map(|fault| format!("{place}: cannot be written ({fault}): logins are remembered until the end of the process; correct the folder's owner"));
        Ok(Loaded {
            key: Self::new(&*bytes),
            warning: unkept
                .or(found.map(|fault| format!("{fault}: browsers ask for passwords once again"))),
        })
    }

    fn found(file: &Path, bytes: &[u8]) -> Loaded {
        let open = secret_file::close(file).err();
        Loaded {
            key: Self::new(bytes),
            warning: open.map(|fault| {
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

    /// The text of a cookie for the site.
    pub(super) fn seal(&self, site: &Host, payload: &[u8]) -> String {
        let signature = hmac::sign(&self.0, &signed(site, payload));
        URL_SAFE_NO_PAD.encode([payload, signature.as_ref()].concat())
    }

    /// What was sealed for the site, if this key did.
    pub(super) fn open(&self, site: &Host, text: &[u8]) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, signature) = bytes.split_at_checked(bytes.len().checked_sub(LENGTH)?)?;
        hmac::verify(&self.0, &signed(site, payload), signature).ok()?;
        Some(payload.to_vec())
    }

    /// A tag of a password file's entry that tells nothing of it without the key.
    pub(super) fn tag(&self, fingerprint: &[u8; 32]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &[&[ENTRY], &fingerprint[..]].concat());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// Whether the tag is that of the entry; takes as long whichever it is.
    pub(super) fn is_tag(&self, fingerprint: &[u8; 32], tag: &[u8; 32]) -> bool {
        hmac::verify(&self.0, &[&[ENTRY], &fingerprint[..]].concat(), tag).is_ok()
    }
}

/// The site is signed and not sent: the cookie of one is none of another.
fn signed(site: &Host, payload: &[u8]) -> Vec<u8> {
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
    fn a_key_is_made_once_for_its_owner_only_and_outlives_the_process() {
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
    fn a_key_that_others_may_read_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.key");
        fs::write(&file, [7; 32]).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Key::load(&file).unwrap().warning, None);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_made_anew_and_one_that_cannot_be_kept_serves_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("session.key");
        for damage in [&b""[..], &[7; 31], &[7; 33]] {
            fs::write(&file, damage).unwrap();
            let made = Key::load(&file).unwrap();
            assert!(made.warning.unwrap().contains("not a key of 32 bytes"));
            assert_eq!(fs::read(&file).unwrap().len(), 32);
            let kept = Key::load(&file).unwrap();
            assert_eq!(sealed_by(&made.key), sealed_by(&kept.key));
        }
        fs::write(folder.path().join("file"), "").unwrap();
        let unkept = Key::load(&folder.path().join("file/session.key")).unwrap();
        assert!(unkept.warning.unwrap().contains("cannot be written"));
    }
}

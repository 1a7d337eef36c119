//! Backups of the client CA: key, registry and revocation list, encrypted with a passphrase.
//!
//! The CA's key opens every site, so an unencrypted export does not exist. The cipher is
//! AES-256-GCM; PBKDF2-HMAC-SHA-256 derives its key from the passphrase.

use std::num::NonZeroU32;

use anyhow::{Context, anyhow, bail};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    pbkdf2,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::{Zeroize, Zeroizing};

use super::{
    Registry,
    ca::Ca,
    ca_store::{ClientCaStore, read, write},
    serial::Revocations,
};
use crate::devices::random;

/// The contents of the files in a backup.
#[derive(Serialize, Deserialize)]
struct Backup {
    /// `ca.pem`.
    ca: String,
    /// `ca.crl`.
    list: String,
    /// `register.json`; none before the first device.
    register: Option<String>,
}

/// First line of a backup; the second line is base64.
const HEAD: &str = "hubgate client CA backup 1";
/// Iterations of PBKDF2-HMAC-SHA-256 as advised by OWASP (2023).
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
/// Bytes of the salt.
const SALT_LENGTH: usize = 16;
/// Shortest passphrase in characters.
const MIN_PASSPHRASE: usize = 8;

impl Backup {
    /// Encrypts the backup into the text of a file.
    ///
    /// # Errors
    /// When the passphrase has fewer than 8 characters.
    fn seal(&self, passphrase: &str) -> anyhow::Result<String> {
        if passphrase.chars().count() < MIN_PASSPHRASE {
            bail!("the passphrase is too short: use at least {MIN_PASSPHRASE} characters");
        }
        let (salt, nonce) = (random::<SALT_LENGTH>()?, random::<NONCE_LEN>()?);
        let mut text = Zeroizing::new(serde_json::to_vec(self)?);
        let sealing = derive_key(passphrase, &salt)?.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(HEAD),
            &mut text,
        );
        let tag = sealing.map_err(|_| anyhow!("the backup could not be encrypted"))?;
        let sealed = [&salt[..], &nonce, &text, tag.as_ref()].concat();
        Ok(format!("{HEAD}\n{}\n", BASE64_STANDARD.encode(sealed)))
    }

    /// Decrypts the text of a file.
    ///
    /// # Errors
    /// When the text is no backup or is damaged, or the passphrase is wrong.
    fn open(text: &str, passphrase: &str) -> anyhow::Result<Self> {
        let foreign = || anyhow!("not a backup made by `hubgate client export`");
        let body = text.trim().strip_prefix(HEAD).ok_or_else(foreign)?;
        let body: String = body.split_whitespace().collect();
        let sealed = BASE64_STANDARD.decode(body).map_err(|_| foreign())?;
        let (salt, rest) = sealed.split_at_checked(SALT_LENGTH).ok_or_else(foreign)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or_else(foreign)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| foreign())?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let opened = derive_key(passphrase, salt)?.open_in_place(nonce, Aad::from(HEAD), &mut rest);
        let opened = opened.map_err(|_| anyhow!("the passphrase is wrong or the file damaged"))?;
        Ok(serde_json::from_slice(opened)?)
    }
}

impl ClientCaStore {
    /// Encrypts the CA, the revocation list and the registry into a backup.
    ///
    /// # Errors
    /// When the CA is missing or damaged, or the passphrase is shorter than 8 characters.
    pub fn export(&self, passphrase: &str) -> anyhow::Result<String> {
        let _lock = self.lock()?;
        self.load()?;
        let backup = Backup {
            ca: read(&self.ca())?.unwrap_or_default(),
            list: read(&self.list())?.unwrap_or_default(),
            register: read(&self.register_file())?,
        };
        backup.seal(passphrase)
    }

    /// Restores a backup.
    ///
    /// A backup of the same CA restores missing files and adds its revocations. Another CA is
    /// replaced only if `replace` is set, and moved to `clients.replaced`.
    ///
    /// # Errors
    /// When the text is no backup, the passphrase is wrong, another CA exists, or nothing can be
    /// written.
    pub fn import(&self, text: &str, passphrase: &str, replace: bool) -> anyhow::Result<()> {
        let backup = Backup::open(text, passphrase)?;
        let imported = Ca::parse(&backup.ca).context("the CA in the backup")?;
        let _lock = self.lock()?;
        if self.accepts(&imported)? {
            return self.merge(&backup, &imported);
        }
        self.check_replace(replace)?;
        let next = self.replaced();
        let place = || format!("{}: cannot be replaced", self.ca().display());
        next.clear().with_context(place)?;
        next.merge(&backup, &imported)?;
        self.exchange(&next).with_context(place)
    }

    /// Merges a backup into the files of the same CA, or into an empty folder.
    fn merge(&self, backup: &Backup, ca: &Ca) -> anyhow::Result<()> {
        if let (Err(_), Some(registry)) = (self.existing_registry(), &backup.register) {
            write(&self.register_file(), registry.as_bytes())?;
        }
        let revocations = self.revocations()?.join(Revocations::parse(&backup.list));
        let list = ca.sign_list(&revocations, OffsetDateTime::now_utc())?;
        write(&self.list(), list.as_bytes())?;
        write(&self.ca(), backup.ca.as_bytes())
    }

    /// Returns true if the folder holds this CA or none.
    fn accepts(&self, ca: &Ca) -> anyhow::Result<bool> {
        let Some(text) = read(&self.ca())? else {
            return Ok(true);
        };
        let held = CertificateDer::from_pem_slice(text.as_bytes());
        Ok(held.is_ok_and(|held| held == ca.certificate))
    }

    fn existing_registry(&self) -> anyhow::Result<Registry> {
        match self.register_file().exists() {
            true => self.register(),
            false => bail!("no registry"),
        }
    }

    fn check_replace(&self, replace: bool) -> anyhow::Result<()> {
        if !replace {
            bail!(
                "{}: another client CA exists; replacing it locks its devices out: \
                 add --replace to replace it",
                self.ca().display()
            );
        }
        Ok(())
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        self.ca.zeroize();
    }
}

fn derive_key(passphrase: &str, salt: &[u8]) -> anyhow::Result<LessSafeKey> {
    let mut key = Zeroizing::new([0; 32]);
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(
        algorithm,
        ITERATIONS,
        salt,
        passphrase.as_bytes(),
        &mut *key,
    );
    let key = UnboundKey::new(&AES_256_GCM, &*key);
    Ok(LessSafeKey::new(key.map_err(|_| {
        anyhow!("the key of the backup could not be derived")
    })?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup() -> Backup {
        Backup {
            ca: "the key".into(),
            list: "the list".into(),
            register: None,
        }
    }

    #[test]
    fn a_backup_opens_only_with_its_passphrase() {
        let sealed = backup().seal("correct horse").unwrap();
        assert!(!sealed.contains("the key"));
        let opened = Backup::open(&sealed, "correct horse").unwrap();
        assert_eq!(
            (opened.ca.as_str(), opened.list.as_str()),
            ("the key", "the list")
        );
        let wrong = Backup::open(&sealed, "correct house").err().unwrap();
        assert_eq!(
            wrong.to_string(),
            "the passphrase is wrong or the file damaged"
        );
    }

    #[test]
    fn a_damaged_or_foreign_file_is_refused() {
        let sealed = backup().seal("correct horse").unwrap();
        let damaged = sealed.replacen(|char: char| char.is_ascii_digit(), "x", 9);
        for text in ["", "PEM", HEAD, &damaged, &sealed[..60]] {
            assert!(Backup::open(text, "correct horse").is_err(), "{text}");
        }
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        assert!(backup().seal("seven77").is_err());
    }
}

//! An encrypted backup of the client CA: its key, the register and the CRL.
//!
//! The CA's key can issue certificates for any device, so it is exported in encrypted form only:
//! AES-256-GCM, with a key derived from the passphrase by PBKDF2-HMAC-SHA-256.

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
    ca::Ca,
    folder::{Folder, read, write},
    random,
    register::Register,
    serial::RevocationList,
};

/// The contents of the client CA's files.
#[derive(Serialize, Deserialize)]
struct Backup {
    /// `ca.pem`.
    ca: String,
    /// `ca.crl`.
    list: String,
    /// `register.json`, missing before the first device.
    register: Option<String>,
}

/// First line of a backup file; the rest is base64.
const HEAD: &str = "hubgate client CA backup 1";
/// Iterations that OWASP recommends for PBKDF2-HMAC-SHA-256 (2023).
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
/// Length of the salt, in bytes.
const SALT: usize = 16;
/// Shortest passphrase, in characters.
const MIN_PASSPHRASE: usize = 8;

impl Backup {
    /// Encrypts the backup; returns the text of the file.
    ///
    /// # Errors
    /// The passphrase has fewer than 8 characters.
    fn seal(&self, passphrase: &str) -> anyhow::Result<String> {
        if passphrase.chars().count() < MIN_PASSPHRASE {
            bail!("the passphrase is too short: use at least {MIN_PASSPHRASE} characters");
        }
        let (salt, nonce) = (random::<SALT>()?, random::<NONCE_LEN>()?);
        let mut text = Zeroizing::new(serde_json::to_vec(self)?);
        let sealing = Self::key(passphrase, &salt)?.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(HEAD),
            &mut text,
        );
        let tag = sealing.map_err(|_| anyhow!("the backup could not be encrypted"))?;
        let sealed = [&salt[..], &nonce, &text, tag.as_ref()].concat();
        Ok(format!("{HEAD}\n{}\n", BASE64_STANDARD.encode(sealed)))
    }

    /// Decrypts the text of a backup file.
    ///
    /// # Errors
    /// The text is not a backup or is damaged, or the passphrase is wrong.
    fn open(text: &str, passphrase: &str) -> anyhow::Result<Self> {
        let foreign = || anyhow!("this is not a backup of `hubgate client export`");
        let body = text.trim().strip_prefix(HEAD).ok_or_else(foreign)?;
        let body: String = body.split_whitespace().collect();
        let sealed = BASE64_STANDARD.decode(body).map_err(|_| foreign())?;
        let (salt, rest) = sealed.split_at_checked(SALT).ok_or_else(foreign)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or_else(foreign)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| foreign())?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let opened = Self::key(passphrase, salt)?.open_in_place(nonce, Aad::from(HEAD), &mut rest);
        let opened = opened.map_err(|_| anyhow!("the passphrase is wrong, or the file damaged"))?;
        Ok(serde_json::from_slice(opened)?)
    }

    /// Derives the key from the passphrase.
    fn key(passphrase: &str, salt: &[u8]) -> anyhow::Result<LessSafeKey> {
        let mut key = Zeroizing::new([0; 32]);
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, ROUNDS, salt, passphrase.as_bytes(), &mut *key);
        let key = UnboundKey::new(&AES_256_GCM, &*key);
        Ok(LessSafeKey::new(
            key.map_err(|_| anyhow!("no key could be made"))?,
        ))
    }
}

impl Folder {
    /// Exports all files, encrypted.
    ///
    /// # Errors
    /// The CA is missing, or the passphrase is too short.
    pub fn export(&self, passphrase: &str) -> anyhow::Result<String> {
        let _lock = self.lock()?;
        self.load()?;
        let backup = Backup {
            ca: read(&self.ca())?.unwrap_or_default(),
            list: read(&self.crl())?.unwrap_or_default(),
            register: read(&self.register_file())?,
        };
        backup.seal(passphrase)
    }

    /// Imports a backup. If the folder has the same CA, its register and revocations stay. If it
    /// has another CA, that one is replaced only with `replace`, and moved to `clients.replaced`.
    ///
    /// # Errors
    /// The text is not a backup, the passphrase is wrong, the folder has another CA, or a file
    /// cannot be written.
    pub fn import(&self, text: &str, passphrase: &str, replace: bool) -> anyhow::Result<()> {
        let backup = Backup::open(text, passphrase)?;
        let imported = Ca::parse(&backup.ca).context("the CA in the backup")?;
        let _lock = self.lock()?;
        if self.is_of(&imported)? {
            return self.merge(&backup, &imported);
        }
        self.check_replace(replace)?;
        let next = self.replaced();
        let place = || format!("{}: cannot be replaced", self.ca().display());
        next.clear().with_context(place)?;
        next.merge(&backup, &imported)?;
        self.exchange(&next).with_context(place)
    }

    /// Merges a backup with the files of the same CA.
    fn merge(&self, backup: &Backup, ca: &Ca) -> anyhow::Result<()> {
        if let (Err(_), Some(register)) = (self.known_register(), &backup.register) {
            write(&self.register_file(), register.as_bytes())?;
        }
        let revoked = self.revoked()?.merge(RevocationList::parse(&backup.list));
        let crl = ca.sign_crl(&revoked, OffsetDateTime::now_utc())?;
        write(&self.crl(), crl.as_bytes())?;
        write(&self.ca(), backup.ca.as_bytes())
    }

    /// Reports whether the folder has this CA or none.
    fn is_of(&self, ca: &Ca) -> anyhow::Result<bool> {
        let Some(text) = read(&self.ca())? else {
            return Ok(true);
        };
        let current = CertificateDer::from_pem_slice(text.as_bytes());
        Ok(current.is_ok_and(|current| current == ca.certificate))
    }

    /// Reads the register; fails if it does not exist.
    fn known_register(&self) -> anyhow::Result<Register> {
        match self.register_file().exists() {
            true => self.register(),
            false => bail!("no register"),
        }
    }

    fn check_replace(&self, replace: bool) -> anyhow::Result<()> {
        if !replace {
            bail!(
                "{}: another client CA exists, and its devices would be locked out: to replace it, \
                 add --replace",
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
    fn a_sealed_backup_opens_with_its_passphrase_only() {
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
            "the passphrase is wrong, or the file damaged"
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

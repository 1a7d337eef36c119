//! A backup of the client CA: its key, the register and the list, encrypted with a passphrase.
//!
//! Whoever has the CA's key can let himself in everywhere, so it never leaves unencrypted:
//! AES-256-GCM, the key made of the passphrase by PBKDF2-HMAC-SHA-256.

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
    ca::{self, Ca},
    folder::{Folder, joined, read, write},
    random,
    register::Register,
};

/// What is kept of the client CA, as the files have it.
#[derive(Serialize, Deserialize)]
struct Backup {
    /// `ca.pem`.
    ca: String,
    /// `ca.crl`.
    list: String,
    /// `register.json`; none before the first device.
    register: Option<String>,
}

/// First line of a backup; the second is the rest in base64.
const HEAD: &str = "hubgate client CA backup 1";
/// As OWASP advises for PBKDF2-HMAC-SHA-256 (2023).
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
/// Bytes of the salt.
const SALT: usize = 16;
/// The shortest passphrase, in characters.
const SHORTEST: usize = 8;

impl Backup {
    /// Encrypts the backup into the text of a file.
    ///
    /// # Errors
    /// A passphrase of fewer than 8 characters.
    fn seal(&self, passphrase: &str) -> anyhow::Result<String> {
        if passphrase.chars().count() < SHORTEST {
            bail!("the passphrase is too short: {SHORTEST} characters are the least");
        }
        let (salt, nonce) = (random::<SALT>()?, random::<NONCE_LEN>()?);
        let mut text = Zeroizing::new(serde_json::to_vec(self)?);
        let sealing = key(passphrase, &salt)?.seal_in_place_separate_tag(
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
    /// When it is no backup, was damaged, or the passphrase is another.
    fn open(text: &str, passphrase: &str) -> anyhow::Result<Self> {
        let foreign = || anyhow!("this is no backup of `hubgate client export`");
        let body = text.trim().strip_prefix(HEAD).ok_or_else(foreign)?;
        let body: String = body.split_whitespace().collect();
        let sealed = BASE64_STANDARD.decode(body).map_err(|_| foreign())?;
        let (salt, rest) = sealed.split_at_checked(SALT).ok_or_else(foreign)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or_else(foreign)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| foreign())?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let opened = key(passphrase, salt)?.open_in_place(nonce, Aad::from(HEAD), &mut rest);
        let opened = opened.map_err(|_| anyhow!("the passphrase is wrong, or the file damaged"))?;
        Ok(serde_json::from_slice(opened)?)
    }
}

impl Folder {
    /// All that is kept, encrypted.
    ///
    /// # Errors
    /// When there is no CA, or the passphrase is too short.
    pub fn export(&self, passphrase: &str) -> anyhow::Result<String> {
        let _alone = self.lock()?;
        self.load()?;
        let backup = Backup {
            ca: read(&self.ca())?.unwrap_or_default(),
            list: read(&self.list())?.unwrap_or_default(),
            register: read(&self.register_file())?,
        };
        backup.seal(passphrase)
    }

    /// Puts back what was exported. Of the same CA, what is newer here stays; another CA takes
    /// its place only if `replace`, and is kept in `clients.replaced`.
    ///
    /// # Errors
    /// When it is no backup, the passphrase is wrong, there is another CA, or nothing can be
    /// written.
    pub fn import(&self, text: &str, passphrase: &str, replace: bool) -> anyhow::Result<()> {
        let backup = Backup::open(text, passphrase)?;
        let imported = Ca::parse(&backup.ca).context("the CA in the backup")?;
        let _alone = self.lock()?;
        if self.is_of(&imported)? {
            return self.join(&backup, &imported);
        }
        self.must_be_meant(replace)?;
        let next = self.replaced();
        let place = || format!("{}: cannot be replaced", self.ca().display());
        next.clear().with_context(place)?;
        next.join(&backup, &imported)?;
        self.exchange(&next).with_context(place)
    }

    /// Joins a backup of the same CA to what is here, if anything is.
    fn join(&self, backup: &Backup, ca: &Ca) -> anyhow::Result<()> {
        if let (Err(_), Some(register)) = (self.known_register(), &backup.register) {
            write(&self.register_file(), register.as_bytes())?;
        }
        let revoked = joined(self.revoked()?, ca::revoked_in(&backup.list));
        let list = ca.list(&revoked, OffsetDateTime::now_utc())?;
        write(&self.list(), list.as_bytes())?;
        write(&self.ca(), backup.ca.as_bytes())
    }

    /// Whether what is here is of this CA, or of none.
    fn is_of(&self, ca: &Ca) -> anyhow::Result<bool> {
        let Some(text) = read(&self.ca())? else {
            return Ok(true);
        };
        let held = CertificateDer::from_pem_slice(text.as_bytes());
        Ok(held.is_ok_and(|held| held == ca.certificate))
    }

    /// The register, if there is one.
    fn known_register(&self) -> anyhow::Result<Register> {
        match self.register_file().exists() {
            true => self.register(),
            false => bail!("no register"),
        }
    }

    fn must_be_meant(&self, replace: bool) -> anyhow::Result<()> {
        if !replace {
            bail!(
                "{}: there is another client CA already, and its devices would be locked out: \
                 if that is meant, add --replace",
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

fn key(passphrase: &str, salt: &[u8]) -> anyhow::Result<LessSafeKey> {
    let mut key = Zeroizing::new([0; 32]);
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(algorithm, ROUNDS, salt, passphrase.as_bytes(), &mut *key);
    let key = UnboundKey::new(&AES_256_GCM, &*key);
    Ok(LessSafeKey::new(
        key.map_err(|_| anyhow!("no key could be made"))?,
    ))
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
    fn what_was_sealed_opens_with_its_passphrase_alone() {
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
        let damaged = sealed.replacen(|it: char| it.is_ascii_digit(), "x", 9);
        for text in ["", "PEM", HEAD, &damaged, &sealed[..60]] {
            assert!(Backup::open(text, "correct horse").is_err(), "{text}");
        }
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        assert!(backup().seal("seven77").is_err());
    }
}

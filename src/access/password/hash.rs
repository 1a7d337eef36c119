//! Password hashes in the formats of `htpasswd`, `openssl passwd` and `mkpasswd`.
//!
//! A hash is accepted or refused when the file is loaded; verifying an accepted one cannot fail and
//! takes bounded time.

use base64::{Engine, engine::general_purpose::STANDARD};
use bcrypt::HashParts;
use sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use super::{
    md5_crypt::Apr1,
    refused::{Refused, WorkLimit},
    yescrypt::Yescrypt,
};

/// One password hash of a supported format.
#[derive(Clone)]
pub(super) enum Hash {
    /// `$apr1$`.
    Apr1(Apr1),
    /// `$2a$`, `$2b$` and `$2y$`: the whole text, and the cost.
    Bcrypt(String, u32),
    /// `$5$` and `$6$`: the whole text, and the rounds.
    ShaCrypt(String, u32),
    /// `$y$`.
    Yescrypt(Yescrypt),
    /// `{SHA}` without a salt, and `{SSHA}` with one.
    Sha1 { digest: [u8; 20], salt: Vec<u8> },
}

/// The work of a hash: its format and its cost, rounds or KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Work {
    format: &'static str,
    cost: u32,
}

/// Work and salt length in bytes: hashes that agree in them take the same time for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    work: Work,
    salt: usize,
}

const BCRYPT_LIMIT: WorkLimit = WorkLimit {
    work: "bcrypt cost",
    limit: 14,
};
const MIN_BCRYPT_COST: u32 = 4;
/// Length of every bcrypt salt, in bytes.
const BCRYPT_SALT: usize = 16;
const ROUNDS_LIMIT: WorkLimit = WorkLimit {
    work: "sha-crypt rounds",
    limit: 1_000_000,
};
const MIN_ROUNDS: u32 = 1_000;
const DEFAULT_ROUNDS: u32 = 5_000;

/// Prefix and name of the formats that are refused; Argon2 takes too much memory for a small board.
const UNSUPPORTED: [(&str, &str); 6] = [
    ("{PLAIN}", "{PLAIN} (clear text)"),
    ("{CRYPT}", "{CRYPT}"),
    ("$1$", "$1$ (md5-crypt)"),
    ("$2x$", "$2x$ (the broken bcrypt)"),
    ("$argon2", "argon2"),
    ("$7$", "scrypt"),
];

impl Hash {
    /// Parses the text after the colon of an htpasswd line.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        if text.is_empty() {
            return Err(Refused::Empty);
        }
        if let Some((_, name)) = UNSUPPORTED
            .iter()
            .find(|(prefix, _)| text.starts_with(prefix))
        {
            return Err(Refused::Unsupported(name));
        }
        if let Some(rest) = text.strip_prefix("$apr1$") {
            let apr1 = Apr1::parse(rest).ok_or(Refused::Malformed("$apr1$"))?;
            return Ok(Self::Apr1(apr1));
        }
        match text.get(..3) {
            Some("$2a" | "$2b" | "$2y") => Self::parse_bcrypt(text),
            Some("$5$") => Self::parse_sha_crypt(text, "$5$", 43),
            Some("$6$") => Self::parse_sha_crypt(text, "$6$", 86),
            Some("$y$") => Yescrypt::parse(text).map(Self::Yescrypt),
            _ => Self::parse_sha1(text),
        }
    }

    /// Reports whether the password has this hash; the comparison takes constant time.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        #[cfg(test)]
        counted::note(self.kind());
        match self {
            Self::Apr1(apr1) => apr1.verify(password),
            Self::Yescrypt(yescrypt) => yescrypt.verify(password),
            Self::Bcrypt(text, _) => bcrypt::verify(password, text).unwrap_or(false),
            Self::ShaCrypt(text, _) => ShaCrypt::default()
                .verify_password(password, text.as_str())
                .is_ok(),
            Self::Sha1 { digest, salt } => {
                let found = Sha1::new().chain_update(password).chain_update(salt);
                found.finalize().as_slice().ct_eq(digest).into()
            }
        }
    }

    /// Returns the common name of the format.
    pub(super) fn format(&self) -> &'static str {
        match self {
            Self::Sha1 { salt, .. } if !salt.is_empty() => "{SSHA}",
            _ => self.work().format,
        }
    }

    /// Returns the work of verifying.
    pub(super) fn work(&self) -> Work {
        let (format, cost) = match self {
            Self::Apr1(_) => ("$apr1$", 1000),
            Self::Bcrypt(_, cost) => ("bcrypt", *cost),
            Self::ShaCrypt(text, rounds) if text.starts_with("$5$") => ("$5$", *rounds),
            Self::ShaCrypt(_, rounds) => ("$6$", *rounds),
            Self::Yescrypt(yescrypt) => ("yescrypt", yescrypt.memory),
            Self::Sha1 { .. } => ("{SHA}", 1),
        };
        Work { format, cost }
    }

    /// Returns the kind; hashes of the same kind take equally long.
    pub(super) fn kind(&self) -> Kind {
        let salt = match self {
            Self::Apr1(apr1) => apr1.salt_length(),
            Self::Bcrypt(..) => BCRYPT_SALT,
            Self::Yescrypt(yescrypt) => yescrypt.salt,
            Self::ShaCrypt(text, _) => text.rsplit('$').nth(1).map_or(0, str::len),
            Self::Sha1 { salt, .. } => salt.len(),
        };
        Kind {
            work: self.work(),
            salt,
        }
    }

    fn parse_bcrypt(text: &str) -> Result<Self, Refused> {
        let parts = text.parse::<HashParts>();
        let cost = parts.map_err(|_| Refused::Malformed("bcrypt"))?.get_cost();
        BCRYPT_LIMIT.check(cost)?;
        if cost < MIN_BCRYPT_COST {
            return Err(Refused::Malformed("bcrypt"));
        }
        Ok(Self::Bcrypt(text.to_owned(), cost))
    }

    fn parse_sha_crypt(
        text: &str,
        format: &'static str,
        digest_length: usize,
    ) -> Result<Self, Refused> {
        let malformed = Refused::Malformed(format);
        PasswordHashRef::new(text).map_err(|_| malformed.clone())?;
        let fields: Vec<&str> = text.split('$').collect();
        let (rounds, digest) = match fields.get(2..) {
            Some([_, digest]) => (Some(DEFAULT_ROUNDS), digest),
            Some([rounds, _, digest]) => (parse_rounds(rounds), digest),
            _ => return Err(malformed),
        };
        let rounds = rounds.ok_or(malformed.clone())?;
        ROUNDS_LIMIT.check(rounds)?;
        if rounds < MIN_ROUNDS || digest.len() != digest_length {
            return Err(malformed);
        }
        Ok(Self::ShaCrypt(text.to_owned(), rounds))
    }

    fn parse_sha1(text: &str) -> Result<Self, Refused> {
        let (format, encoded) = if let Some(encoded) = text.strip_prefix("{SHA}") {
            ("{SHA}", encoded)
        } else if let Some(encoded) = text.strip_prefix("{SSHA}") {
            ("{SSHA}", encoded)
        } else {
            return Err(Refused::unsupported(text));
        };
        let decoded = STANDARD.decode(encoded).ok();
        let parts = decoded
            .as_deref()
            .and_then(|bytes| bytes.split_first_chunk());
        match parts {
            Some((digest, salt)) if salt.is_empty() == (format == "{SHA}") => Ok(Self::Sha1 {
                digest: *digest,
                salt: salt.to_owned(),
            }),
            _ => Err(Refused::Malformed(format)),
        }
    }
}

fn parse_rounds(field: &str) -> Option<u32> {
    field.strip_prefix("rounds=")?.parse().ok()
}

/// A log of the hashes that a thread has verified, for tests.
#[cfg(test)]
pub(super) mod counted {
    use std::cell::RefCell;

    use super::Kind;

    thread_local!(static VERIFIED: RefCell<Vec<Kind>> = const { RefCell::new(Vec::new()) });

    pub(super) fn note(kind: Kind) {
        VERIFIED.with_borrow_mut(|verified| verified.push(kind));
    }

    /// Returns the kinds verified since the last call, in order.
    pub(in crate::access::password) fn take() -> Vec<Kind> {
        VERIFIED.take()
    }
}

#[cfg(test)]
mod tests;

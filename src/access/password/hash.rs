//! Password hashes as `htpasswd`, `openssl passwd` and `mkpasswd` write them.
//!
//! A hash is taken or refused, with the reason and the cure, when the file is
//! read; verifying one that was taken cannot fail and takes bounded time.

use base64::{Engine, engine::general_purpose::STANDARD};
use bcrypt::HashParts;
use sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use super::{md5_crypt::Apr1, refused::Refused, yescrypt::Yescrypt};

/// One password hash of a supported format.
#[derive(Clone)]
pub(super) enum Hash {
    /// `$apr1$`.
    Apr1(Apr1),
    /// `$2a$`, `$2b$`, `$2y$`, the whole text.
    Bcrypt(String, u32),
    /// `$5$` and `$6$`, the whole text.
    ShaCrypt(String, u32),
    /// `$y$`.
    Yescrypt(Yescrypt),
    /// `{SHA}` without and `{SSHA}` with a salt.
    Sha1 { digest: [u8; 20], salt: Vec<u8> },
}

/// How much work a hash is: its format and its cost or rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Work(&'static str, u32);

/// Hashes of one kind take equally long for one password: their work and the bytes of their salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind(Work, usize);

const MAX_BCRYPT_COST: u32 = 14;
const MIN_BCRYPT_COST: u32 = 4;
/// Bytes of every bcrypt salt.
const BCRYPT_SALT: usize = 16;
const MAX_ROUNDS: u32 = 1_000_000;
const MIN_ROUNDS: u32 = 1_000;
const DEFAULT_ROUNDS: u32 = 5_000;

/// Formats refused by name; Argon2 for the memory it takes on a small board.
const UNSUPPORTED: [(&str, &str); 6] = [
    ("{PLAIN}", "{PLAIN} (clear text)"),
    ("{CRYPT}", "{CRYPT}"),
    ("$1$", "$1$ (md5-crypt)"),
    ("$2x$", "$2x$ (the broken bcrypt)"),
    ("$argon2", "argon2"),
    ("$7$", "scrypt"),
];

impl Hash {
    /// Parses what stands after the colon of an htpasswd line.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        if text.is_empty() {
            return Err(Refused::Empty);
        }
        if let Some((_, name)) = UNSUPPORTED.iter().find(|(mark, _)| text.starts_with(mark)) {
            return Err(Refused::Unsupported(name));
        }
        if let Some(rest) = text.strip_prefix("$apr1$") {
            let apr1 = Apr1::parse(rest).ok_or(Refused::Malformed("$apr1$"))?;
            return Ok(Self::Apr1(apr1));
        }
        match text.get(..3) {
            Some("$2a" | "$2b" | "$2y") => parse_bcrypt(text),
            Some("$5$") => parse_sha_crypt(text, "$5$", 43),
            Some("$6$") => parse_sha_crypt(text, "$6$", 86),
            Some("$y$") => Yescrypt::parse(text).map(Self::Yescrypt),
            _ => parse_sha1(text),
        }
    }

    /// Whether the password has this hash; the comparison takes constant time.
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

    /// How people call the format.
    pub(super) fn format(&self) -> &'static str {
        match self {
            Self::Sha1 { salt, .. } if !salt.is_empty() => "{SSHA}",
            _ => self.work().0,
        }
    }

    /// How much work verifying is.
    pub(super) fn work(&self) -> Work {
        match self {
            Self::Apr1(_) => Work("$apr1$", 1000),
            Self::Bcrypt(_, cost) => Work("bcrypt", *cost),
            Self::ShaCrypt(text, rounds) if text.starts_with("$5$") => Work("$5$", *rounds),
            Self::ShaCrypt(_, rounds) => Work("$6$", *rounds),
            Self::Yescrypt(yescrypt) => Work("yescrypt", yescrypt.memory),
            Self::Sha1 { .. } => Work("{SHA}", 1),
        }
    }

    /// Which hashes take as long as this one.
    pub(super) fn kind(&self) -> Kind {
        let salt = match self {
            Self::Apr1(apr1) => apr1.salt_length(),
            Self::Bcrypt(..) => BCRYPT_SALT,
            Self::Yescrypt(yescrypt) => yescrypt.salt,
            Self::ShaCrypt(text, _) => text.rsplit('$').nth(1).map_or(0, str::len),
            Self::Sha1 { salt, .. } => salt.len(),
        };
        Kind(self.work(), salt)
    }
}

/// The hashes that a thread has verified, for tests that count them.
#[cfg(test)]
pub(super) mod counted {
    use std::cell::RefCell;

    use super::Kind;

    thread_local!(static VERIFIED: RefCell<Vec<Kind>> = const { RefCell::new(Vec::new()) });

    pub(super) fn note(kind: Kind) {
        VERIFIED.with_borrow_mut(|verified| verified.push(kind));
    }

    /// The kinds verified since the last call, in order.
    pub(in crate::access::password) fn take() -> Vec<Kind> {
        VERIFIED.take()
    }
}

fn parse_bcrypt(text: &str) -> Result<Hash, Refused> {
    let parts = text.parse::<HashParts>();
    let cost = parts.map_err(|_| Refused::Malformed("bcrypt"))?.get_cost();
    at_most("bcrypt cost", cost, MAX_BCRYPT_COST)?;
    if cost < MIN_BCRYPT_COST {
        return Err(Refused::Malformed("bcrypt"));
    }
    Ok(Hash::Bcrypt(text.to_owned(), cost))
}

fn parse_sha_crypt(
    text: &str,
    format: &'static str,
    digest_length: usize,
) -> Result<Hash, Refused> {
    let malformed = Refused::Malformed(format);
    PasswordHashRef::new(text).map_err(|_| malformed.clone())?;
    let fields: Vec<&str> = text.split('$').collect();
    let (rounds, digest) = match fields.get(2..) {
        Some([_, digest]) => (Some(DEFAULT_ROUNDS), digest),
        Some([rounds, _, digest]) => (parse_rounds(rounds), digest),
        _ => return Err(malformed),
    };
    let rounds = rounds.ok_or(malformed.clone())?;
    at_most("sha-crypt rounds", rounds, MAX_ROUNDS)?;
    if rounds < MIN_ROUNDS || digest.len() != digest_length {
        return Err(malformed);
    }
    Ok(Hash::ShaCrypt(text.to_owned(), rounds))
}

fn parse_rounds(field: &str) -> Option<u32> {
    field.strip_prefix("rounds=")?.parse().ok()
}

fn parse_sha1(text: &str) -> Result<Hash, Refused> {
    let (format, encoded) = if let Some(encoded) = text.strip_prefix("{SHA}") {
        ("{SHA}", encoded)
    } else if let Some(encoded) = text.strip_prefix("{SSHA}") {
        ("{SSHA}", encoded)
    } else {
        return Err(unknown(text));
    };
    let decoded = STANDARD.decode(encoded).ok();
    let parts = decoded
        .as_deref()
        .and_then(|bytes| bytes.split_first_chunk());
    match parts {
        Some((digest, salt)) if salt.is_empty() == (format == "{SHA}") => Ok(Hash::Sha1 {
            digest: *digest,
            salt: salt.to_owned(),
        }),
        _ => Err(Refused::Malformed(format)),
    }
}

/// Thirteen characters of crypt's alphabet are crypt(3)'s DES, which reads eight of a password.
fn unknown(text: &str) -> Refused {
    let of_crypt = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    if text.len() == 13 && text.bytes().all(of_crypt) {
        return Refused::Unsupported("crypt(3) DES");
    }
    Refused::Unknown
}

fn at_most(work: &'static str, cost: u32, limit: u32) -> Result<(), Refused> {
    if cost > limit {
        return Err(Refused::TooCostly { work, cost, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests;

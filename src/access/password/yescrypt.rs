//! yescrypt (`$y$`), the default of `mkpasswd` and `passwd` on Debian.
//!
//! Only what they write is taken: the usual flavour, no optional parameters, 16 MiB or what is
//! near it, as each login occupies that memory while it is verified.

use yescrypt::{Params, PasswordHashRef, PasswordVerifier, Yescrypt as Verifier};

use super::refused::Refused;

/// A yescrypt hash.
#[derive(Clone)]
pub(super) struct Yescrypt {
    text: String,
    /// Memory that verifying occupies, in KiB.
    pub(super) memory: u32,
    /// Characters of the salt.
    pub(super) salt: usize,
}

/// The most memory that a login may occupy, in KiB.
const MOST_MEMORY: u32 = 32 * 1024;
/// Characters of the flavour that `mkpasswd` writes, N and r.
const PARAMETERS: usize = 3;
const FLAVOUR: char = 'j';
/// Characters of a hash of 32 bytes.
const DIGEST: usize = 43;
/// Characters of a salt of 64 bytes.
const LONGEST_SALT: usize = 86;
const NAME: &str = "yescrypt";

impl Yescrypt {
    /// Reads the whole text of a hash.
    ///
    /// # Errors
    /// It is malformed, or takes more memory than a login may.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let malformed = || Refused::Malformed(NAME);
        let fields: Vec<_> = text.split('$').collect();
        let ["", "y", parameters, salt, digest] = fields[..] else {
            return Err(malformed());
        };
        let fits = parameters.len() == PARAMETERS && parameters.starts_with(FLAVOUR);
        if !fits || !(1..=LONGEST_SALT).contains(&salt.len()) || digest.len() != DIGEST {
            return Err(malformed());
        }
        PasswordHashRef::new(text).map_err(|_| malformed())?;
        let parameters: Params = parameters.parse().map_err(|_| malformed())?;
        let memory = u128::from(parameters.n()) * u128::from(parameters.r()) * 128 / 1024;
        let memory = u32::try_from(memory).unwrap_or(u32::MAX);
        if memory > MOST_MEMORY {
            return Err(Refused::TooCostly {
                work: "yescrypt memory in KiB",
                cost: memory,
                limit: MOST_MEMORY,
            });
        }
        Ok(Self {
            text: text.to_owned(),
            memory,
            salt: salt.len(),
        })
    }

    /// Verifies a password in constant time.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let verified = Verifier::default().verify_password(password, self.text.as_str());
        verified.is_ok()
    }
}

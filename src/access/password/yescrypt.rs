//! yescrypt (`$y$`), the default of `mkpasswd` and `passwd` on Debian.
//!
//! Only the parameters of these programs are accepted: the default flavour, no optional
//! parameters, and at most 32 MiB, as each login occupies that memory while it is verified.

use yescrypt::{Params, PasswordHashRef, PasswordVerifier, Yescrypt as Verifier};

use super::refused::{Refused, WorkLimit};

/// A yescrypt hash.
#[derive(Clone)]
pub(super) struct Yescrypt {
    text: String,
    /// Memory of a verification, in KiB.
    pub(super) memory: u32,
    /// Length of the salt, in characters.
    pub(super) salt: usize,
}

const MEMORY_LIMIT: WorkLimit = WorkLimit {
    work: "yescrypt memory in KiB",
    limit: 32 * 1024,
};
/// Length of the parameters flavour, N and r, in characters.
const PARAMETERS: usize = 3;
/// Flavour of `mkpasswd`.
const FLAVOUR: char = 'j';
/// Length of a digest of 32 bytes, in characters.
const DIGEST: usize = 43;
/// Length of a salt of 64 bytes, in characters.
const MAX_SALT: usize = 86;
const NAME: &str = "yescrypt";

impl Yescrypt {
    /// Parses the whole text of a hash.
    ///
    /// # Errors
    /// The hash is malformed, or takes more memory than a login may.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let malformed = || Refused::Malformed(NAME);
        let fields: Vec<_> = text.split('$').collect();
        let ["", "y", parameters, salt, digest] = fields[..] else {
            return Err(malformed());
        };
        let fits = parameters.len() == PARAMETERS && parameters.starts_with(FLAVOUR);
        if !fits || !(1..=MAX_SALT).contains(&salt.len()) || digest.len() != DIGEST {
            return Err(malformed());
        }
        PasswordHashRef::new(text).map_err(|_| malformed())?;
        let parameters: Params = parameters.parse().map_err(|_| malformed())?;
        let memory = u128::from(parameters.n()) * u128::from(parameters.r()) * 128 / 1024;
        let memory = u32::try_from(memory).unwrap_or(u32::MAX);
        MEMORY_LIMIT.check(memory)?;
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

//! Verification of passwords against an htpasswd file that is reloaded when it changes.
//!
//! A hash takes up to a second of CPU time. It is computed on a blocking thread, a few at a time,
//! and never for a guess that the throttle refuses.

pub mod entry;
mod fault;
mod hash;
mod htpasswd;
pub mod lines;
pub mod listing;
mod md5_crypt;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a property that does not hold panics")]
pub(super) mod properties;
mod refused;
mod yescrypt;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::digest::{Context as Digest, SHA256};

use self::htpasswd::Htpasswd;
pub use self::{
    fault::{Cause, Fault},
    refused::Refused,
};
use super::{
    basic::Basic,
    throttle::{Guess, Throttle, Throttled},
};
use crate::watched::Watched;

/// SHA-256 that identifies one entry of one htpasswd file.
pub type Fingerprint = [u8; 32];

/// The users of one htpasswd file.
pub struct Passwords {
    path: PathBuf,
    file: Watched<Htpasswd>,
}

impl Passwords {
    /// Loads the file.
    ///
    /// # Errors
    /// The file cannot be read, or has no usable line.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let path = path.to_owned();
        let source = path.clone();
        let file = Watched::load(vec![path.clone()], move || Htpasswd::load(&source))?;
        Ok(Self { path, file })
    }

    /// Loads the file again if it changed, and reports whether it did; verified passwords are then
    /// forgotten.
    ///
    /// # Errors
    /// As for [`Passwords::load`], once for each change; the last valid content stays in use.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        self.file.refresh()
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the faults of lines without a usable user, to be logged as `PATH:FAULT` after each
    /// reload.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.file.current().faults().to_vec()
    }

    /// Returns the hash that identifies the user's entry among those of all files.
    ///
    /// It derives from the password hash, and is as secret.
    #[must_use]
    pub fn fingerprint(&self, user: &str) -> Option<Fingerprint> {
        self.fingerprint_in(&self.file.current(), user)
    }

    fn fingerprint_in(&self, file: &Htpasswd, user: &str) -> Option<Fingerprint> {
        let parts = [
            self.path.as_os_str().as_encoded_bytes(),
            user.as_bytes(),
            file.digest(user)?,
        ];
        let mut digest = Digest::new(&SHA256);
        for part in parts {
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finish().as_ref().try_into().ok()
    }

    /// Treats the password as correct until the file changes, if it has the user: `hubgate explain`
    /// needs no real password.
    pub fn assume_correct(&self, basic: &Basic) {
        self.file.current().assume(basic);
    }

    /// Returns the fingerprint of the user's entry if the password is correct; a password that was
    /// verified before is not hashed again.
    ///
    /// # Errors
    /// The password was not verified: the address or user has too many failures, or too many
    /// passwords wait to be hashed.
    pub async fn verify(
        &self,
        basic: &Basic,
        address: IpAddr,
        throttle: &Arc<Throttle>,
    ) -> Result<Option<Fingerprint>, Throttled> {
        let guess = throttle.guess(&self.path, &basic.user, address);
        throttle.check(&guess)?;
        let file = self.file.current();
        let correct = file.is_proven(basic) || self.hash(&file, basic, guess, throttle).await?;
        // `file` is the content that was verified: the entry may have changed since.
        Ok(correct
            .then(|| self.fingerprint_in(&file, &basic.user))
            .flatten())
    }

    async fn hash(
        &self,
        file: &Arc<Htpasswd>,
        basic: &Basic,
        guess: Guess,
        throttle: &Arc<Throttle>,
    ) -> Result<bool, Throttled> {
        let wait = throttle.wait();
        // The first requests of a page arrive together: one is hashed, the others wait for it.
        let _lock = throttle.lock(&guess, &wait).await?;
        if file.is_proven(basic) {
            return Ok(true);
        }
        let attempt = throttle.begin(guess, &wait).await?;
        let (file, basic) = (file.clone(), basic.clone());
        // The task continues if the client disconnects, so that a disconnect undoes no guess.
        let hashed = tokio::task::spawn_blocking(move || {
            let correct = file.verify(&basic);
            attempt.finish(correct);
            correct
        });
        Ok(hashed.await.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests;

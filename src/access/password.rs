//! Whether a user's password is right, by an htpasswd file kept current.
//!
//! Hashing takes up to a second of a processor, so it happens off the reactor,
//! a few at a time, and never for a guess the throttle holds back.

pub mod entry;
mod fault;
mod hash;
mod htpasswd;
pub mod lines;
pub mod listing;
mod md5_crypt;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(super) mod properties;
mod refused;
mod yescrypt;

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
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
use crate::{regular_file, watched::Watched};

/// A hash that names one entry of one htpasswd file.
pub type Fingerprint = [u8; 32];

/// The users of one htpasswd file.
pub struct Passwords {
    path: PathBuf,
    file: Watched<Htpasswd>,
}

impl Passwords {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// The file cannot be read, or no line of it lets anybody in.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let path = path.to_owned();
        let source = path.clone();
        let file = Watched::load(vec![path.clone()], move || read(&source))?;
        Ok(Self { path, file })
    }

    /// Reads the file again if it changed, and says whether it did; what was
    /// proven before is forgotten then.
    ///
    /// # Errors
    /// As for [`Passwords::load`], once for each change; the last good reading stays.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        self.file.refresh()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lines that let nobody in, to be told as `PATH:FAULT` after each reading.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.file.current().faults().to_vec()
    }

    /// What tells this file's entry of the user from any other entry, of other files too.
    ///
    /// Made of what is in the file, so it is kept as secret as that.
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

    /// Takes the credential for right until the file changes, if it has its user: to ask what a
    /// right password would do.
    pub fn assume(&self, basic: &Basic) {
        self.file.current().assume(basic);
    }

    /// The fingerprint of the user's entry if the credential is right; one found right before is
    /// not hashed again.
    ///
    /// # Errors
    /// Neither right nor wrong: the address or user has failed too often, or
    /// too many passwords wait to be hashed.
    pub async fn verify(
        &self,
        basic: &Basic,
        address: IpAddr,
        throttle: &Arc<Throttle>,
    ) -> Result<Option<Fingerprint>, Throttled> {
        let guess = throttle.guess(&self.path, &basic.user, address);
        throttle.check(&guess)?;
        let file = self.file.current();
        let right = file.is_proven(basic) || self.hash(&file, basic, guess, throttle).await?;
        // Of the reading that was hashed: of an entry changed meanwhile nothing is proven.
        Ok(right
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
        // A page's first requests come together: one is hashed, the others wait for it.
        let _lane = throttle.lane(&guess, &wait).await?;
        if file.is_proven(basic) {
            return Ok(true);
        }
        let attempt = throttle.begin(guess, &wait).await?;
        let (file, basic) = (file.clone(), basic.clone());
        // Goes on when the client has left, so that leaving saves no guess.
        let hashed = tokio::task::spawn_blocking(move || {
            let right = file.verify(&basic);
            attempt.judge(right);
            right
        });
        Ok(hashed.await.unwrap_or(false))
    }
}

fn read(path: &Path) -> anyhow::Result<Htpasswd> {
    let place = || format!("{}: password file", path.display());
    let text = regular_file::read(path);
    if matches!(&text, Err(fault) if fault.kind() == io::ErrorKind::NotFound) {
        anyhow::bail!(
            "{}: no such file; make it with `hubgate user add NAME`, or correct its path",
            path.display()
        );
    }
    let text = text.with_context(place)?;
    Htpasswd::parse(&text).with_context(place)
}

#[cfg(test)]
mod tests;

//! The content of an htpasswd file: its users, its faults, and the passwords verified against it.
//!
//! Verified passwords belong to the content, so that a changed file forgets all of them.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
    sync::OnceLock,
};

use anyhow::{Context, anyhow};
use aws_lc_rs::{
    digest::{SHA256, SHA256_OUTPUT_LEN, digest},
    hmac,
    rand::SystemRandom,
};

use super::{
    fault::{Cause, Fault},
    hash::Hash,
};
use crate::{access::basic::Basic, regular_file};

/// The content of an htpasswd file with at least one usable line.
pub(super) struct Htpasswd {
    pub(super) users: HashMap<String, Entry>,
    /// One hash of each kind in the file.
    decoys: Vec<Hash>,
    key: hmac::Key,
    faults: Vec<Fault>,
}

/// The line of one user.
pub(super) struct Entry {
    pub(super) hash: Hash,
    /// SHA-256 of the hash's text.
    digest: Vec<u8>,
    /// Number of the line, from 1.
    pub(super) line: usize,
    /// Keyed tag of the password, once it was verified.
    proven: OnceLock<hmac::Tag>,
}

/// The users of the lines that were parsed so far.
#[derive(Default)]
pub(super) struct Users {
    pub(super) entries: HashMap<String, Entry>,
    /// First line of each user. It alone counts, as in NGINX, even if its hash is refused.
    first_lines: HashMap<String, usize>,
}

impl Htpasswd {
    /// Loads a file.
    ///
    /// # Errors
    /// The file cannot be read, and those of [`Htpasswd::parse`].
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        let place = || format!("{}: password file", path.display());
        let text = regular_file::read(path);
        if matches!(&text, Err(fault) if fault.kind() == io::ErrorKind::NotFound) {
            anyhow::bail!(
                "{}: no such file; make it with `hubgate user add NAME`, or correct its path",
                path.display()
            );
        }
        let text = text.with_context(place)?;
        Self::parse(&text).with_context(place)
    }

    /// Parses the content of a file; broken lines become faults.
    ///
    /// # Errors
    /// The content has no usable line, or the system provides no random key.
    pub(super) fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let mut users = Users::default();
        let lines = text.split(|byte| *byte == b'\n').zip(1..);
        let faults = lines
            .filter_map(|(text, line)| {
                let cause = users.add_line(text, line).err()?;
                Some(Fault { line, cause })
            })
            .collect::<Vec<_>>();
        let decoys = users.decoys();
        if decoys.is_empty() {
            return Err(Self::unusable(&faults));
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| anyhow!("the system provides no random bytes"))?;
        Ok(Self {
            users: users.entries,
            decoys,
            key,
            faults,
        })
    }

    fn unusable(faults: &[Fault]) -> anyhow::Error {
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        if faults.is_empty() {
            return anyhow!("no users: add one with `hubgate user add NAME`");
        }
        anyhow!("no usable line: {}", faults.join("; "))
    }

    /// Returns the faults of lines without a usable user.
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Returns the SHA-256 of the user's hash, which changes with the password.
    pub(super) fn digest(&self, user: &str) -> Option<&[u8]> {
        self.users.get(user).map(|entry| &entry.digest[..])
    }

    /// Reports whether the password was verified against this content; hashes no password, and
    /// takes as long for an unknown user as for a known one.
    pub(super) fn is_proven(&self, basic: &Basic) -> bool {
        let entry = self.users.get(&basic.user);
        let tag = entry.and_then(|entry| entry.proven.get());
        let compared = tag.map_or(&[0; SHA256_OUTPUT_LEN][..], AsRef::as_ref);
        hmac::verify(&self.key, basic.password.as_bytes(), compared).is_ok() && tag.is_some()
    }

    /// Treats the password as verified, if the file has the user.
    pub(super) fn assume(&self, basic: &Basic) {
        if let Some(entry) = self.users.get(&basic.user) {
            let password = basic.password.as_bytes();
            entry.proven.get_or_init(|| hmac::sign(&self.key, password));
        }
    }

    /// Reports whether the password is correct. It blocks for one hash of each kind in the file, so
    /// that the time reveals neither whether the user exists nor the format of the hash.
    pub(super) fn verify(&self, basic: &Basic) -> bool {
        let password = basic.password.as_bytes();
        let entry = self.users.get(&basic.user);
        let mut correct = false;
        for decoy in &self.decoys {
            match entry.filter(|entry| entry.hash.kind() == decoy.kind()) {
                Some(entry) => correct = entry.hash.verify(password),
                None => _ = decoy.verify(password),
            }
        }
        if let Some(entry) = entry.filter(|_| correct) {
            entry.proven.get_or_init(|| hmac::sign(&self.key, password));
        }
        correct
    }
}

impl Users {
    /// Adds the user of a line; a comment or an empty line has none.
    ///
    /// # Errors
    /// The cause for which the line has no usable user.
    pub(super) fn add_line(&mut self, text: &[u8], line: usize) -> Result<(), Cause> {
        // NGINX ends a line at a carriage return, and keeps spaces in the name and the hash.
        let text = text.split(|byte| *byte == b'\r').next().unwrap_or(text);
        if text.trim_ascii().is_empty() || text.starts_with(b"#") {
            return Ok(());
        }
        let mut fields = text.split(|byte| *byte == b':');
        let user = fields.next().unwrap_or_default();
        let user = std::str::from_utf8(user).map_err(|_| Cause::NotUtf8)?;
        // A second colon begins a comment, as in NGINX.
        let hash = fields.next().ok_or(Cause::NoColon)?;
        if user.is_empty() {
            return Err(Cause::NoUser);
        }
        let user = user.to_owned();
        if let Some(first) = self.first_lines.get(&user) {
            let first = *first;
            return Err(Cause::Duplicate { user, first });
        }
        self.first_lines.insert(user.clone(), line);
        let hash = std::str::from_utf8(hash).map_err(|_| Cause::NotUtf8)?;
        match Hash::parse(hash) {
            Ok(parsed) => self.entries.insert(user, Entry::new(parsed, hash, line)),
            Err(refused) => return Err(Cause::Hash { user, refused }),
        };
        Ok(())
    }

    /// Returns one hash of each kind.
    fn decoys(&self) -> Vec<Hash> {
        let mut kinds = HashSet::new();
        let hashes = self.entries.values().map(|entry| &entry.hash);
        let first = hashes.filter(|hash| kinds.insert(hash.kind()));
        first.cloned().collect()
    }
}

impl Entry {
    fn new(hash: Hash, written: &str, line: usize) -> Self {
        Self {
            hash,
            digest: digest(&SHA256, written.as_bytes()).as_ref().to_vec(),
            line,
            proven: OnceLock::new(),
        }
    }
}

#[cfg(test)]
mod tests;

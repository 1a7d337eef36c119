//! The register of passkeys: a record for each, as the file `passkeys.json` has it.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, serde::rfc3339};

use super::{
    authenticator_data::Backup,
    encoded::{CredentialId, UserHandle},
    public_key::PublicKey,
    refusal::CeremonyError,
    registration::{Registered, Transports},
};

/// The passkeys of all sites, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    version: Version,
    passkeys: Vec<Passkey>,
}

/// Version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Version(u64);

/// A passkey: the credential record of section 4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// Name of the device, chosen by its owner.
    pub name: String,
    /// Handle of the user.
    pub user_handle: UserHandle,
    /// RP ID: the host of its site, or a domain above it.
    pub rp_id: String,
    /// Identifier.
    pub id: CredentialId,
    /// Public key.
    pub public_key: PublicKey,
    /// Highest signature counter of the accepted assertions; stays zero for most passkeys.
    pub counter: u32,
    /// Flag BE: the passkey may be synchronized; never changes.
    pub backup_eligible: bool,
    /// Flag BS of the last accepted assertion: the passkey is synchronized.
    pub backed_up: bool,
    /// Transports by which a browser reaches the authenticator.
    pub transports: Transports,
    /// Time of registration.
    #[serde(with = "rfc3339")]
    pub created: OffsetDateTime,
    /// Time of the last accepted assertion.
    #[serde(
        default,
        with = "rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_seen: Option<OffsetDateTime>,
    /// Time of revocation.
    #[serde(
        default,
        with = "rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub revoked: Option<OffsetDateTime>,
}

/// The owner of a new passkey.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'o> {
    /// Name of the device.
    pub name: &'o str,
    /// Handle of the user.
    pub user_handle: &'o UserHandle,
    /// RP ID of the ceremony.
    pub rp_id: &'o str,
}

/// A verified assertion; [`Register::record_use`] accepts or refuses its counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Identifier of the passkey.
    pub id: CredentialId,
    /// Signature counter.
    pub counter: u32,
    /// Backup flags.
    pub backup: Backup,
}

/// The signature counter of an accepted assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignCount {
    /// The counter has grown, or the authenticator has none.
    Valid,
    /// The counter of a passkey that may be synchronized has not grown: its copies count each for
    /// itself, so this is no sign of a cloned authenticator. The log notes it.
    Behind {
        /// Highest counter of the accepted assertions.
        stored: u32,
        /// Counter of this assertion.
        received: u32,
    },
}

/// The fault of a register's text.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The text is no register.
    #[error("damaged ({0})")]
    Damaged(#[from] serde_json::Error),
    /// The register has another version than 1.
    #[error("of version {0}, which this hubgate does not read")]
    Version(u64),
}

/// Version of the format that is read and written.
const VERSION: u64 = 1;
/// Most passkeys; the identifier of an unknown one is compared with each.
const CAPACITY: usize = 10_000;
/// Time that a revoked passkey stays in the register; it is unknown afterwards.
const RETENTION: Duration = Duration::days(90);

impl Default for Version {
    fn default() -> Self {
        Self(VERSION)
    }
}

impl Register {
    /// Parses the text of a register.
    ///
    /// # Errors
    /// The text is damaged or of another version; it must not be replaced then.
    pub fn parse(text: &[u8]) -> Result<Self, RegisterError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version } = serde_json::from_slice(text)?;
        match version {
            VERSION => Ok(serde_json::from_slice(text)?),
            other => Err(RegisterError::Version(other)),
        }
    }

    /// Returns all passkeys, the oldest first.
    #[must_use]
    pub fn passkeys(&self) -> &[Passkey] {
        &self.passkeys
    }

    /// Returns the passkey with an identifier, also if it is revoked.
    #[must_use]
    pub fn find(&self, id: &CredentialId) -> Option<&Passkey> {
        self.passkeys.iter().find(|passkey| passkey.id == *id)
    }

    /// Adds a registered passkey, and removes those that were revoked 90 days ago.
    ///
    /// # Errors
    /// The identifier is registered, for any user and site (section 7.1, step 26), or the register
    /// is full.
    pub fn add(
        &mut self,
        registered: Registered,
        owner: Owner<'_>,
        now: OffsetDateTime,
    ) -> Result<(), CeremonyError> {
        if self.find(&registered.id).is_some() {
            return Err(CeremonyError::AlreadyRegistered);
        }
        let is_old = |passkey: &Passkey| passkey.revoked.is_some_and(|at| at + RETENTION <= now);
        self.passkeys.retain(|passkey| !is_old(passkey));
        if self.passkeys.len() >= CAPACITY {
            return Err(CeremonyError::RegisterFull);
        }
        self.passkeys.push(Passkey::new(registered, owner, now));
        Ok(())
    }

    /// Records the use of a passkey (section 7.2, steps 22 and 24).
    ///
    /// The passkey is judged again, since others may have used or revoked it meanwhile.
    ///
    /// # Errors
    /// The passkey is unknown or revoked, or it stays on one authenticator and its counter has not
    /// grown.
    pub fn record_use(
        &mut self,
        assertion: &Assertion,
        now: OffsetDateTime,
    ) -> Result<SignCount, CeremonyError> {
        let mut passkeys = self.passkeys.iter_mut();
        let passkey = passkeys.find(|passkey| passkey.id == assertion.id);
        let passkey = passkey.ok_or(CeremonyError::UnknownCredential)?;
        if passkey.revoked.is_some() {
            return Err(CeremonyError::Revoked);
        }
        let count = passkey.check_counter(assertion.counter)?;
        passkey.counter = passkey.counter.max(assertion.counter);
        passkey.backed_up = assertion.backup.backed_up;
        passkey.last_seen = Some(now);
        Ok(count)
    }

    /// Revokes all passkeys of a name, and returns their number.
    pub fn revoke(&mut self, name: &str, now: OffsetDateTime) -> usize {
        let passkeys = self.passkeys.iter_mut();
        let named = passkeys.filter(|passkey| passkey.name == name && passkey.revoked.is_none());
        named.map(|passkey| passkey.revoked = Some(now)).count()
    }
}

impl Passkey {
    fn new(registered: Registered, owner: Owner<'_>, now: OffsetDateTime) -> Self {
        Self {
            name: owner.name.to_owned(),
            user_handle: owner.user_handle.clone(),
            rp_id: owner.rp_id.to_owned(),
            id: registered.id,
            public_key: registered.public_key,
            counter: registered.counter,
            backup_eligible: registered.backup.eligible,
            backed_up: registered.backup.backed_up,
            transports: registered.transports,
            created: now,
            last_seen: None,
            revoked: None,
        }
    }

    /// Verifies that a counter has grown, or that the authenticator has none.
    fn check_counter(&self, received: u32) -> Result<SignCount, CeremonyError> {
        let stored = self.counter;
        if received > stored || (received == 0 && stored == 0) {
            return Ok(SignCount::Valid);
        }
        match self.backup_eligible {
            true => Ok(SignCount::Behind { stored, received }),
            false => Err(CeremonyError::Counter { stored, received }),
        }
    }
}

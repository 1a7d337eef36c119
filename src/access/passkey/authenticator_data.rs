//! Authenticator data: the authenticator's account of a ceremony (section 6.1).

use aws_lc_rs::digest::{SHA256, digest};

use super::{
    cbor::{CborError, CborMap},
    encoded::CredentialId,
    public_key::PublicKey,
    refusal::CeremonyError,
    relying_party::RelyingParty,
};

/// Parsed authenticator data.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'b> {
    rp_id_hash: &'b [u8; 32],
    flags: u8,
    /// Signature counter; zero if the authenticator has none.
    pub(super) counter: u32,
    credential: Option<AttestedCredential<'b>>,
}

/// Attested credential data (section 6.5.1); the key is encoded.
#[derive(Debug)]
struct AttestedCredential<'b> {
    id: &'b [u8],
    key: &'b [u8],
}

/// Backup flags of a credential (section 6.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The credential may be synchronized between devices; never changes.
    pub eligible: bool,
    /// The credential is synchronized.
    pub backed_up: bool,
}

/// Longest authenticator data, in bytes: identifier and key at their limits, and extensions.
pub(super) const MAX_AUTHENTICATOR_DATA: usize = 4096;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKUP_STATE: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

impl<'b> AuthenticatorData<'b> {
    /// Parses the data; no byte is left.
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Self, CeremonyError> {
        Self::read(bytes).ok_or(CeremonyError::AuthenticatorData)
    }

    fn read(bytes: &'b [u8]) -> Option<Self> {
        if bytes.len() > MAX_AUTHENTICATOR_DATA {
            return None;
        }
        let (rp_id_hash, rest) = bytes.split_first_chunk()?;
        let (&[flags], rest) = rest.split_first_chunk()?;
        let (counter, mut rest) = rest.split_first_chunk()?;
        let mut credential = None;
        if flags & ATTESTED != 0 {
            let (attested, after) = AttestedCredential::read(rest)?;
            (credential, rest) = (Some(attested), after);
        }
        if flags & EXTENSIONS != 0 {
            (_, rest) = CborMap::read_prefix(rest).ok()?;
        }
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags,
            counter: u32::from_be_bytes(*counter),
            credential,
        })
    }

    /// Verifies the hash of the RP ID, and that the user was present and verified.
    pub(super) fn check(&self, party: &RelyingParty) -> Result<(), CeremonyError> {
        if digest(&SHA256, party.id().as_bytes()).as_ref() != self.rp_id_hash {
            return Err(CeremonyError::RpIdHash);
        }
        if !self.has(USER_PRESENT) {
            return Err(CeremonyError::UserNotPresent);
        }
        if !self.has(USER_VERIFIED) {
            return Err(CeremonyError::UserNotVerified);
        }
        if self.has(BACKUP_STATE) && !self.has(BACKUP_ELIGIBLE) {
            return Err(CeremonyError::BackupState);
        }
        Ok(())
    }

    /// Returns the backup flags.
    pub(super) fn backup(&self) -> Backup {
        Backup {
            eligible: self.has(BACKUP_ELIGIBLE),
            backed_up: self.has(BACKUP_STATE),
        }
    }

    /// Returns identifier and key of a new credential.
    pub(super) fn credential(&self) -> Result<(CredentialId, PublicKey), CeremonyError> {
        let credential = self.credential.as_ref();
        let credential = credential.ok_or(CeremonyError::AuthenticatorData)?;
        let key = PublicKey::parse(credential.key)?;
        let id = CredentialId::new(credential.id).ok_or(CeremonyError::CredentialIdLength)?;
        Ok((id, key))
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

impl<'b> AttestedCredential<'b> {
    /// Length of the AAGUID, which names the model of the authenticator and is not used.
    const AAGUID: usize = 16;

    fn read(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let (_, rest) = bytes.split_at_checked(Self::AAGUID)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let after = Self::after_key(rest).ok()?;
        let key = &rest[..rest.len() - after.len()];
        Some((Self { id, key }, after))
    }

    fn after_key(bytes: &[u8]) -> Result<&[u8], CborError> {
        CborMap::read_prefix(bytes).map(|(_, after)| after)
    }
}

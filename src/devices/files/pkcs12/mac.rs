//! The MAC of a PKCS#12 file, which detects a wrong password.

use aws_lc_rs::hmac;
use yasna::DERWriter;

use super::{
    derivation::{Derivation, Purpose},
    encryption::{Encryption, algorithm},
    null,
};
use crate::devices::random;

/// MacData (RFC 7292, section 4).
pub(super) struct Mac {
    encryption: Encryption,
    digest: Vec<u8>,
    salt: [u8; 8],
}

impl Mac {
    /// Computes the MAC of the content with a new salt.
    pub(super) fn new(
        content: &[u8],
        password: &str,
        encryption: Encryption,
    ) -> anyhow::Result<Self> {
        let salt = random()?;
        let derivation = Derivation {
            hash: encryption.hash(),
            password,
            salt: &salt,
            iterations: encryption.iterations(),
        };
        let key = derivation.derive(Purpose::Mac, encryption.hash().output_len());
        let key = hmac::Key::new(encryption.hmac(), &key);
        Ok(Self {
            encryption,
            digest: hmac::sign(&key, content).as_ref().to_vec(),
            salt,
        })
    }

    pub(super) fn write(&self, writer: DERWriter<'_>) {
        writer.write_sequence(|data| {
            data.next().write_sequence(|info| {
                algorithm(info.next(), self.encryption.hash_oid(), null);
                info.next().write_bytes(&self.digest);
            });
            data.next().write_bytes(&self.salt);
            data.next().write_u32(self.encryption.iterations().get());
        });
    }
}

impl Encryption {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Legacy => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Modern => hmac::HMAC_SHA256,
        }
    }

    fn hash_oid(self) -> &'static [u64] {
        match self {
            Self::Legacy => &[1, 3, 14, 3, 2, 26],
            Self::Modern => &[2, 16, 840, 1, 101, 3, 4, 2, 1],
        }
    }
}

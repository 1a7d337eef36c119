//! The pinned certificate of an upstream over TLS.

use std::{fmt, path::PathBuf};

/// A pinned certificate; its names, dates and usages are not checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pin {
    /// PEM or DER file with the certificate.
    File(PathBuf),
    /// SHA-256 of its DER encoding.
    Sha256([u8; 32]),
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Sha256(hash) => {
                f.write_str("sha256:")?;
                hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

//! An error of the store, with place, cause and cure.

use std::{io, path::Path};

use crate::file_access;

/// An entry that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {cause}; {cure}")]
pub struct Fault {
    place: String,
    cause: String,
    cure: &'static str,
}

impl Fault {
    /// Creates a fault from its place, its cause and the operator's cure.
    #[must_use]
    pub fn new(place: impl Into<String>, cause: impl Into<String>, cure: &'static str) -> Self {
        let (place, cause) = (place.into(), cause.into());
        Self { place, cause, cure }
    }

    /// Creates the fault of a file operation that failed, such as `cannot be written`.
    pub(super) fn from_io(file: &Path, failed: &str, fault: &io::Error) -> Self {
        let place = file.display().to_string();
        Self::new(place, format!("{failed} ({fault})"), cure(fault.kind()))
    }
}

impl From<file_access::Fault> for Fault {
    fn from(fault: file_access::Fault) -> Self {
        let cure = "nothing is stored until it answers";
        Self::new("state", fault.to_string(), cure)
    }
}

fn cure(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space on the disk",
        io::ErrorKind::ReadOnlyFilesystem => "mount the disk writable, or check it",
        io::ErrorKind::PermissionDenied => "let hubgate's user own the state folder",
        io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::InvalidInput => "move away what is in its place",
        _ => "check the disk",
    }
}

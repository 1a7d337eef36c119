//! What goes wrong with a store, told with place, cause and cure.

use std::{io, path::Path};

/// Something could not be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {cause}; {cure}")]
pub struct Fault {
    place: String,
    cause: String,
    cure: &'static str,
}

impl Fault {
    /// A fault with its place, its cause, and what the operator can do about it.
    #[must_use]
    pub fn new(place: impl Into<String>, cause: impl Into<String>, cure: &'static str) -> Self {
        let (place, cause) = (place.into(), cause.into());
        Self { place, cause, cure }
    }

    /// A fault of a file, after what was tried with it: `cannot be written`.
    pub(super) fn of_file(file: &Path, tried: &str, fault: &io::Error) -> Self {
        let place = file.display().to_string();
        Self::new(place, format!("{tried} ({fault})"), cure(fault.kind()))
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

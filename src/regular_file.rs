//! Regular files, read whole and with a limit of 16 MiB.
//!
//! A pipe, socket, device or folder is refused: opening a pipe would wait for its writer, and
//! opening a device may have effects.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;

use crate::file_access;

/// Most bytes of a file.
const MAX_BYTES: u64 = 16 << 20;

/// Reads a file of at most 16 MiB.
///
/// # Errors
/// The file cannot be read, is longer, or is no regular file.
pub(crate) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let content = read_prefix(file, MAX_BYTES)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("longer than 16 MiB"));
    }
    Ok(content)
}

/// Reads a text file of at most 16 MiB.
///
/// # Errors
/// As [`read`], and the file is not UTF-8.
pub(crate) fn read_to_string(file: &Path) -> io::Result<String> {
    let not_utf8 = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
    String::from_utf8(read(file)?).map_err(not_utf8)
}

/// Reads up to `most` + 1 bytes of a file, so that the caller can detect a longer one.
///
/// # Errors
/// The file cannot be read or is no regular file.
pub(crate) fn read_prefix(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let _access = file_access::begin(file)?;
    let mut content = Vec::new();
    let opened = open(file, OpenOptions::new().read(true))?;
    opened.take(most + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Opens a regular file.
///
/// # Errors
/// The file cannot be opened or is no regular file.
pub(crate) fn open(file: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let opened = options.mode(0o600).custom_flags(flags).open(file);
    let opened = opened.map_err(|fault| match fs::metadata(file) {
        Ok(meta) if !meta.is_file() => refused(&meta),
        _ => fault,
    })?;
    let meta = opened.metadata()?;
    match meta.is_file() {
        true => Ok(opened),
        false => Err(refused(&meta)),
    }
}

fn refused(meta: &Metadata) -> io::Error {
    let (kind, name) = match meta.file_type() {
        kind if kind.is_dir() => (io::ErrorKind::IsADirectory, "a folder"),
        kind if kind.is_fifo() => (io::ErrorKind::InvalidInput, "a named pipe"),
        kind if kind.is_socket() => (io::ErrorKind::InvalidInput, "a socket"),
        _ => (io::ErrorKind::InvalidInput, "a device"),
    };
    io::Error::new(kind, format!("{name}, not a regular file"))
}

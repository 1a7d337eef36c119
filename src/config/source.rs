//! Reads `proxy.yaml` as bounded UTF-8 text.

use std::{io, path::Path};

use super::faults::{Fault, Faults, Position};
use crate::regular_file;

/// Maximum size of `proxy.yaml` in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the text of the file.
///
/// # Errors
/// The file cannot be read, has more than 1 MiB, or is not UTF-8.
pub(super) fn read(path: &Path) -> Result<String, Faults> {
    let bytes = regular_file::read_prefix(path, MAX_BYTES).map_err(|error| {
        let cure = match error.kind() {
            io::ErrorKind::NotFound => {
                "make one with `hubgate init`, or name another with --config"
            }
            io::ErrorKind::PermissionDenied => "run this with sudo, or as its owner",
            _ => "name the right file with --config, and check that hubgate may read it",
        };
        Faults::of_file(path, &format!("cannot be read: {error}: {cure}"))
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Faults::of_file(
            path,
            "has more than 1 MiB, which is no proxy.yaml: name another file",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let message = "this character is not UTF-8: save the file as UTF-8";
        Faults::new(
            path,
            &text,
            vec![Fault::at(Position::of_byte(&text, valid), message)],
        )
    })
}

impl Position {
    /// Returns the position of the character that begins at a byte of the text.
    fn of_byte(text: &str, byte: usize) -> Self {
        let before = &text[..byte];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proxy.yaml");
        fs::write(&path, bytes).unwrap();
        read(&path).unwrap_err().to_string()
    }

    #[test]
    fn a_missing_file_is_reported_with_its_name() {
        let faults = read(Path::new("no/such/proxy.yaml")).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(
            faults
                .to_string()
                .starts_with("no/such/proxy.yaml: cannot be read: No such file")
        );
        assert!(faults.to_string().contains("`hubgate init`"));
    }

    #[test]
    fn a_character_that_is_not_utf8_is_reported_with_its_position() {
        let refusal = refusal(b"sites: []\nlog: \xfcbel\n");
        assert!(
            refusal.contains("proxy.yaml:2:6: this character is not UTF-8"),
            "{refusal}"
        );
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        assert!(refusal(&vec![b'#'; 1 << 21]).contains("more than 1 MiB"));
    }
}

//! The same command with root's rights, for one that failed for want of them.

use std::{error::Error, ffi::OsString, io, path::PathBuf};

use rustix::process::geteuid;

use super::default_config;
use crate::{file_access, regular_file};

/// Whether the command failed for want of rights that root has.
///
/// Touches no file after one that did not answer.
pub(super) fn would_help(error: &anyhow::Error, named: Option<PathBuf>) -> bool {
    if error.chain().any(is_unanswered) || geteuid().is_root() {
        return false;
    }
    let config = named.unwrap_or_else(default_config);
    let is_denied = |fault: &io::Error| fault.kind() == io::ErrorKind::PermissionDenied;
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(is_denied)
        || regular_file::read_begin(&config, 0).is_err_and(|fault| is_denied(&fault))
}

fn is_unanswered(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<file_access::Fault>()
}

/// The command line after `sudo`, as a shell reads it.
pub(super) fn line(arguments: &[OsString]) -> String {
    let words = arguments
        .iter()
        .skip(1)
        .map(|word| quoted(&word.to_string_lossy()));
    let words: Vec<_> = words.collect();
    format!("sudo hubgate {}", words.join(" "))
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_can_be_pasted() {
        let arguments = [
            "hubgate",
            "client",
            "add",
            "Anna's phone",
            "-c",
            "/etc/proxy.yaml",
        ];
        let expected = r"sudo hubgate client add 'Anna'\''s phone' -c /etc/proxy.yaml";
        assert_eq!(line(&arguments.map(OsString::from)), expected);
    }
}

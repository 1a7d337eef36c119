//! The command line with `sudo`, for a command that failed for lack of permission.

use std::{error::Error, ffi::OsString, io, path::PathBuf};

use rustix::process::geteuid;

use super::default_config;
use crate::{file_access, regular_file};

/// True if the command lacked a permission that root has.
///
/// Accesses no file after one that did not answer.
pub(super) fn would_help(error: &anyhow::Error, config: Option<PathBuf>) -> bool {
    if error.chain().any(is_unanswered) || geteuid().is_root() {
        return false;
    }
    let config = config.unwrap_or_else(default_config);
    let is_denied = |fault: &io::Error| fault.kind() == io::ErrorKind::PermissionDenied;
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(is_denied)
        || regular_file::read_prefix(&config, 0).is_err_and(|fault| is_denied(&fault))
}

fn is_unanswered(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<file_access::Fault>()
}

/// Returns the arguments after `sudo`, quoted for a shell; the first one is the program's name.
pub(super) fn command_line(arguments: &[OsString]) -> String {
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
    fn the_command_line_can_be_pasted_into_a_shell() {
        let arguments = [
            "hubgate",
            "client",
            "add",
            "Anna's phone",
            "-c",
            "/etc/proxy.yaml",
        ];
        let expected = r"sudo hubgate client add 'Anna'\''s phone' -c /etc/proxy.yaml";
        assert_eq!(command_line(&arguments.map(OsString::from)), expected);
    }
}

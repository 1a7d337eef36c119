//! Faults of the files that a configuration names, in the order of `proxy.yaml`.

use std::collections::BTreeSet;

use crate::config::model::Config;

/// The error of a configuration with files that hubgate cannot use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnusableFiles(String);

/// Faults of files, by the position in `proxy.yaml` that names the file.
///
/// A file that several rules name has its fault once. Faults without a file come last.
#[derive(Default)]
pub(super) struct FileFaults(BTreeSet<(usize, String)>);

impl FileFaults {
    /// Adds a fault of the site at this index; each of its lines is about one file.
    pub(super) fn add(&mut self, config: &Config, site: usize, fault: &anyhow::Error) {
        let (text, scope) = (format!("{fault:#}"), format!("sites[{site}]"));
        let host = config.sites[site].hosts.first();
        let host = host.map_or_else(String::new, ToString::to_string);
        let lines = text.lines().map(|line| {
            let located = config.named.locate(line, &scope);
            located.unwrap_or_else(|| (usize::MAX, format!("site {host}: {line}")))
        });
        self.0.extend(lines);
    }

    /// Returns all faults as one error, if there are any.
    pub(super) fn check(self) -> Result<(), UnusableFiles> {
        if self.0.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = self.0.into_iter().map(|(_, line)| line).collect();
        Err(UnusableFiles(lines.join("\n")))
    }
}

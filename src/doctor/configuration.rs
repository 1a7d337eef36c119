//! `proxy.yaml`: its faults, and the warnings of `hubgate check`.

use std::path::Path;

use super::{Finding, Installation, loaded};
use crate::config::Faults;

/// Reports an invalid file.
pub(super) fn invalid(path: &Path, faults: &Faults) -> Finding {
    let cause = format!("{} cannot be used:\n{faults}", path.display());
    Finding::fail("proxy.yaml", cause).cure("correct it, and start this again: most checks need it")
}

impl Installation {
    /// Checks the files that the configuration names, and reports all warnings.
    pub(super) fn configuration(&self) -> Vec<Finding> {
        let loaded = match loaded::warnings(&self.config) {
            Ok(warnings) => warnings,
            Err(fault) => return vec![unusable(&fault)],
        };
        let warnings: Vec<_> = self.config.warnings.iter().cloned().chain(loaded).collect();
        if warnings.is_empty() {
            let cause = format!("{} and its files are in order", self.path.display());
            return vec![Finding::ok("proxy.yaml", cause)];
        }
        warnings
            .into_iter()
            .map(|warning| Finding::warn("proxy.yaml", warning))
            .collect()
    }
}

fn unusable(fault: &anyhow::Error) -> Finding {
    let cause = format!("its files cannot be used: {fault:#}");
    let finding = Finding::fail("proxy.yaml", cause);
    if rustix::process::geteuid().is_root() {
        return finding;
    }
    finding.cure("where permission is denied, run it with sudo")
}

//! `proxy.yaml`: its faults, and what `hubgate check` would warn of.

use std::path::Path;

use super::{Finding, loaded};
use crate::config::{Faults, model::Config};

/// What a file is told as that cannot be used.
pub(super) fn broken(path: &Path, faults: &Faults) -> Finding {
    let cause = format!("{} cannot be used:\n{faults}", path.display());
    Finding::fail("proxy.yaml", cause)
        .cure("correct it, and start this again: most cannot be looked at without it")
}

/// What is wrong with the files that it names, and what to know of it.
pub(super) fn findings(path: &Path, config: &Config) -> Vec<Finding> {
    let loaded = match loaded::warnings(config) {
        Ok(warnings) => warnings,
        Err(fault) => return vec![unusable(&fault)],
    };
    let warnings: Vec<_> = config.warnings.iter().cloned().chain(loaded).collect();
    if warnings.is_empty() {
        let good = format!("{} and the files it names are in order", path.display());
        return vec![Finding::ok("proxy.yaml", good)];
    }
    warnings
        .into_iter()
        .map(|warning| Finding::warn("proxy.yaml", warning))
        .collect()
}

fn unusable(fault: &anyhow::Error) -> Finding {
    let cause = format!("the files it names cannot be used: {fault:#}");
    let finding = Finding::fail("proxy.yaml", cause);
    if rustix::process::geteuid().is_root() {
        return finding;
    }
    finding.cure("where it says that permission is denied, start this with sudo")
}

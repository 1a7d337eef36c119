//! The file descriptors of the process: a connection takes one, and its hub's another.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Descriptors for files, listeners and the runtime.
const OTHERS: u64 = 64;

/// Raises the limit of descriptors to what the process may have; the number of connections for
/// which they are enough.
pub(super) fn connections() -> usize {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limits.maximum,
        ..limits
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limits.maximum,
        Err(_) => limits.current,
    };
    current.map_or(usize::MAX, enough_for)
}

/// Warns where fewer connections are taken than configured.
pub(super) fn warn_of(configured: usize, connections: usize) {
    if connections < configured {
        warn!(
            "limits.connections is {configured}, but the file descriptors of the process are enough \
             for {connections}, which are taken: raise LimitNOFILE= of the service or ulimit -n"
        );
    }
}

fn enough_for(descriptors: u64) -> usize {
    let connections = descriptors.saturating_sub(OTHERS) / 2;
    usize::try_from(connections).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_two_descriptors_and_some_are_kept_for_files() {
        assert_eq!(enough_for(1024), 480);
        assert_eq!(enough_for(65_536), 32_736);
        assert_eq!(enough_for(10), 1);
        assert!(connections() >= 1);
    }
}

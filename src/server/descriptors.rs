//! The limit of file descriptors: a connection needs one, and another one for its upstream.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Descriptors reserved for files, listeners and the runtime.
const RESERVED: u64 = 64;

/// Most connections that the file descriptors of the process permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DescriptorCapacity(pub(super) usize);

impl DescriptorCapacity {
    /// Raises RLIMIT_NOFILE to its hard limit and returns the resulting capacity.
    pub(super) fn raise() -> Self {
        let limits = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limits.maximum,
            ..limits
        };
        let current = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limits.maximum,
            Err(_) => limits.current,
        };
        current.map_or(Self(usize::MAX), Self::of_descriptors)
    }

    /// Warns if the capacity is below the configured number of connections.
    pub(super) fn warn_if_below(self, configured: usize) {
        let Self(connections) = self;
        if connections < configured {
            warn!(
                "limits.connections is {configured}, but the file descriptors of the process suffice \
                 for {connections}: raise LimitNOFILE= of the service or ulimit -n"
            );
        }
    }

    fn of_descriptors(descriptors: u64) -> Self {
        let connections = descriptors.saturating_sub(RESERVED) / 2;
        Self(usize::try_from(connections).unwrap_or(usize::MAX).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_two_descriptors_and_some_are_reserved() {
        for (descriptors, connections) in [(1024, 480), (65_536, 32_736), (10, 1)] {
            let capacity = DescriptorCapacity::of_descriptors(descriptors);
            assert_eq!(capacity, DescriptorCapacity(connections));
        }
        assert!(DescriptorCapacity::raise().0 >= 1);
    }
}

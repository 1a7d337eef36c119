//! The counters of connections since the start of the process.
//!
//! `hubgate status` reads a snapshot, with the sums of the sites' counters. Each counter is exact; counters may differ from each other by
//! the events during the snapshot.

use serde::{Deserialize, Serialize};

use super::site_counters::{Cell, Totals};
use crate::telemetry::{
    counter::{Counter, Gauge},
    limit_event::LimitEvent,
};

/// The counters of connections.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections refused or closed at a limit of their number.
    pub limits: ConnectionLimits,
    /// Accepted connections.
    pub connections_accepted: Counter,
    /// Connections that were closed at once because a limit was reached.
    pub connections_refused: Counter,
    /// Connections that are open.
    pub connections_open: Gauge,
    /// Completed TLS handshakes.
    pub handshakes_completed: Counter,
    /// Failed TLS handshakes.
    pub handshakes_failed: Counter,
    /// WebSockets that are open.
    pub websockets_open: Gauge,
}

/// Connections refused or closed at a limit of their number.
#[derive(Debug)]
pub struct ConnectionLimits {
    /// Refused at `limits.connections_per_address`.
    pub per_address: LimitEvent,
    /// Refused at `limits.connections`.
    pub all: LimitEvent,
    /// Evicted at `limits.connections`.
    pub evicted: LimitEvent,
}

/// A snapshot of the counters, shown by `status --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Connections of clients.
    pub connections: Connections,
    /// Failed TLS handshakes.
    pub handshakes_failed: u64,
    /// Requests with a response.
    pub requests: Requests,
    /// WebSockets that are open.
    pub websockets_open: u64,
    /// Bytes received from clients.
    pub bytes_received: u64,
    /// Bytes sent to clients.
    pub bytes_sent: u64,
}

/// Connections of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Connections that are open.
    pub open: u64,
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections that were closed at once because a limit was reached.
    pub refused: u64,
    /// Connections refused or closed at each limit.
    #[serde(default)]
    pub at_limits: AtLimits,
}

/// Connections refused or closed at each limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLimits {
    /// Refused at `limits.connections_per_address`.
    pub connections_per_address: u64,
    /// Refused at `limits.connections`.
    pub connections: u64,
    /// Evicted at `limits.connections`.
    #[serde(rename = "made_room")]
    pub evicted: u64,
    /// Closed at `limits.memory`.
    pub memory: u64,
}

/// Requests by the class of their status (RFC 9110, section 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// 1xx: the 101 of a WebSocket.
    pub informational: u64,
    /// 2xx.
    pub successful: u64,
    /// 3xx.
    pub redirection: u64,
    /// 4xx.
    pub client_error: u64,
    /// 5xx.
    pub server_error: u64,
}

impl Counters {
    /// Reads all counters; `requests` are the sums of all sites.
    #[must_use]
    pub(super) fn snapshot(&self, requests: &Totals) -> Snapshot {
        Snapshot {
            connections: Connections {
                open: self.connections_open.value(),
                accepted: self.connections_accepted.value(),
                refused: self.connections_refused.value(),
                at_limits: self.limits.snapshot(),
            },
            handshakes_failed: self.handshakes_failed.value(),
            requests: Requests::new([1, 2, 3, 4, 5].map(|class| requests.class(class))),
            websockets_open: self.websockets_open.value(),
            bytes_received: requests.get(Cell::RECEIVED),
            bytes_sent: requests.get(Cell::SENT),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            per_address: LimitEvent::new("limits.connections_per_address", "refused"),
            all: LimitEvent::new("limits.connections", "refused"),
            evicted: LimitEvent::new("limits.connections", "closed, to make room,"),
        }
    }
}

impl ConnectionLimits {
    /// Logs the number of further events at the end of their minute.
    pub fn sum_up(&self) {
        for event in [&self.per_address, &self.all, &self.evicted] {
            event.sum_up();
        }
    }

    fn snapshot(&self) -> AtLimits {
        AtLimits {
            connections_per_address: self.per_address.count(),
            connections: self.all.count(),
            evicted: self.evicted.count(),
            memory: 0,
        }
    }
}

impl Requests {
    fn new(classes: [u64; 5]) -> Self {
        let [
            informational,
            successful,
            redirection,
            client_error,
            server_error,
        ] = classes;
        Self {
            informational,
            successful,
            redirection,
            client_error,
            server_error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_guard_decrements_its_gauge() {
        let counters = Counters::default();
        let first = counters.connections_open.enter();
        let second = counters.connections_open.enter();
        drop(first);
        assert_eq!(counters.snapshot(&Totals::default()).connections.open, 1);
        drop(second);
        assert_eq!(counters.snapshot(&Totals::default()).connections.open, 0);
    }
}

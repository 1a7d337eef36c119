//! What the process has counted since it started.
//!
//! Made once, in `server`, and handed to whoever has something to count; read
//! as a whole by `status`. Counts are exact one by one, not among each other.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    counter::{Counter, Gauge},
    limit_event::LimitEvent,
};

/// The counts of the process.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections cut or refused because of a limit of their number.
    pub limits: ConnectionLimits,
    /// Connections taken.
    pub connections_accepted: Counter,
    /// Connections closed at once because a limit was reached.
    pub connections_refused: Counter,
    /// Connections open now.
    pub connections_open: Gauge,
    /// TLS handshakes that did not come to an end.
    pub handshakes_failed: Counter,
    /// WebSockets open now.
    pub websockets_open: Gauge,
    /// Bytes taken from clients.
    pub bytes_received: Counter,
    /// Bytes given to clients.
    pub bytes_sent: Counter,
    /// Answered requests by the first digit of their status, from 1 to 5.
    requests: [Counter; 5],
}

/// Connections cut or refused because of a limit of their number.
#[derive(Debug)]
pub struct ConnectionLimits {
    /// Refused, as the address had too many.
    pub per_address: LimitEvent,
    /// Refused, as there were too many in all.
    pub all: LimitEvent,
    /// Closed in favour of another, as there were too many in all.
    pub made_room: LimitEvent,
}

/// All counts at one moment, as `status --json` shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Connections of clients.
    pub connections: Connections,
    /// TLS handshakes that did not come to an end.
    pub handshakes_failed: u64,
    /// Answered requests.
    pub requests: Requests,
    /// WebSockets open now.
    pub websockets_open: u64,
    /// Bytes taken from clients.
    pub bytes_received: u64,
    /// Bytes given to clients.
    pub bytes_sent: u64,
}

/// Connections of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Open now.
    pub open: u64,
    /// Taken since the start.
    pub accepted: u64,
    /// Closed at once because a limit was reached.
    pub refused: u64,
    /// Refused or cut at each limit.
    #[serde(default)]
    pub at_limits: AtLimits,
}

/// Connections refused or cut at each limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLimits {
    /// Refused at `limits.connections_per_address`.
    pub connections_per_address: u64,
    /// Refused at `limits.connections`.
    pub connections: u64,
    /// Closed at `limits.connections` in favour of another.
    pub made_room: u64,
    /// Cut at `limits.memory`.
    pub memory: u64,
}

/// Answered requests by class of their status (RFC 9110, 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// 1xx, which is a WebSocket's 101.
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
    /// Counts an answered request.
    pub fn request(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(counter) = self.requests.get(class.wrapping_sub(1)) {
            counter.add(1);
        }
    }

    /// All counts as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            connections: Connections {
                open: self.connections_open.value(),
                accepted: self.connections_accepted.value(),
                refused: self.connections_refused.value(),
                at_limits: self.limits.snapshot(),
            },
            handshakes_failed: self.handshakes_failed.value(),
            requests: Requests::new(self.requests.each_ref().map(Counter::value)),
            websockets_open: self.websockets_open.value(),
            bytes_received: self.bytes_received.value(),
            bytes_sent: self.bytes_sent.value(),
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            per_address: LimitEvent::new("limits.connections_per_address", "refused"),
            all: LimitEvent::new("limits.connections", "refused"),
            made_room: LimitEvent::new("limits.connections", "closed, to make room,"),
        }
    }
}

impl ConnectionLimits {
    /// Logs what was counted and not logged, once its minute is over.
    pub fn sum_up(&self) {
        for event in [&self.per_address, &self.all, &self.made_room] {
            event.sum_up();
        }
    }

    fn snapshot(&self) -> AtLimits {
        AtLimits {
            connections_per_address: self.per_address.count(),
            connections: self.all.count(),
            made_room: self.made_room.count(),
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
    fn requests_are_counted_by_class_and_odd_statuses_not_at_all() {
        let counters = Counters::default();
        for status in [101, 200, 204, 301, 401, 496, 503, 999] {
            counters.request(StatusCode::from_u16(status).unwrap());
        }
        let json = serde_json::to_value(counters.snapshot()).unwrap();
        assert_eq!(
            json["requests"],
            serde_json::json!({
                "informational": 1, "successful": 2, "redirection": 1,
                "client_error": 2, "server_error": 1
            })
        );
    }

    #[test]
    fn a_gauge_falls_when_what_it_counts_is_gone() {
        let counters = Counters::default();
        let first = counters.connections_open.enter();
        let second = counters.connections_open.enter();
        drop(first);
        assert_eq!(counters.snapshot().connections.open, 1);
        drop(second);
        assert_eq!(counters.snapshot().connections.open, 0);
    }
}

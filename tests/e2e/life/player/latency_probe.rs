//! Visits of a site that needs no stuck descriptor, and the time that each takes.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::{Client, Hubgate};

/// Visits in progress, one after the other, each on a connection of its own.
pub(super) struct LatencyProbe {
    enough: CancellationToken,
    visits: JoinHandle<Vec<Duration>>,
}

impl LatencyProbe {
    pub(super) fn start(gate: &Hubgate) -> Self {
        let enough = CancellationToken::new();
        let client = gate.tls().name("other.test").accepting_any_certificate();
        let visits = tokio::spawn(measure(client, enough.clone()));
        Self { enough, visits }
    }

    /// Ends the visits; the time of each, from the connection to the end of the answer.
    pub(super) async fn end(self) -> Vec<Duration> {
        self.enough.cancel();
        self.visits.await.unwrap()
    }
}

async fn measure(client: Client, enough: CancellationToken) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.is_empty() || !enough.is_cancelled() {
        let begin = Instant::now();
        let answer = client.http1().await.get("/plain").await;
        assert_eq!(answer.text(), "plain");
        times.push(begin.elapsed());
    }
    times
}

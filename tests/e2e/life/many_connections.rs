//! Many TLS connections at once through reloads: none is lost, and each has its share of memory.
//!
//! With `HUBGATE_LONG=1` there are 9,900 of them, for which hubgate needs 20,000
//! descriptors.

use futures_util::{StreamExt, stream};

use super::times;
use crate::{
    harness::{Hubgate, RawConnection, Setup},
    hub::Hub,
};

/// Connections that are opened or asked at a time.
const AT_A_TIME: usize = 64;
/// Bytes that an idle connection occupies at most.
const SHARE: usize = 64 << 10;
const REQUEST: &str = "GET /plain HTTP/1.1\r\nHost: home.test\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_many_connections_is_lost_by_a_reload() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {connections: 15000, connections_per_address: 15000, idle: 10m}")
        .start()
        .await;
    let (before, count) = (gate.resident(), times(500, 9_900));
    let opened = stream::iter(0..count).map(|_| open(&gate));
    let mut connections: Vec<_> = opened.buffer_unordered(AT_A_TIME).collect().await;
    let share = gate.resident().saturating_sub(before) / count;
    for _ in 0..3 {
        assert_eq!(gate.commanded(&["reload"]).await.status, Some(0));
        let asked = stream::iter(connections).map(exchange);
        connections = asked.buffer_unordered(AT_A_TIME).collect().await;
    }
    let [before, after] = [before, gate.resident()].map(|bytes| bytes >> 20);
    println!("{count} connections: {share} bytes each, {before} MiB before, {after} MiB after");
    assert_eq!(connections.len(), count);
    assert!(share < SHARE, "{share} bytes each");
}

async fn open(gate: &Hubgate) -> RawConnection {
    exchange(gate.tls().raw().await).await
}

async fn exchange(mut connection: RawConnection) -> RawConnection {
    let answer = connection.exchange(REQUEST).await;
    assert_eq!(answer.text(), "plain");
    assert_ne!(answer.field("connection"), Some("close"));
    connection
}

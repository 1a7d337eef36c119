//! Many WebSockets at once, of which none is lost.

use futures_util::future::join_all;

use super::times;
use crate::{
    harness::{Client, Setup},
    hub::Hub,
};

/// Number of WebSockets opened at the same time.
const AT_ONCE: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_many_websockets_is_lost() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {connections_per_address: 1000}")
        .start()
        .await;
    let each = times(15, 90);
    let callers = (0..AT_ONCE).map(|_| tokio::spawn(echoes(gate.tls(), each)));
    for client in join_all(callers).await {
        client.expect("no WebSocket is lost");
    }
    assert_eq!(hub.requests().len(), AT_ONCE * each);
}

async fn echoes(client: Client, times: usize) {
    for number in 0..times {
        let mut socket = client.websocket("/ws", &[]).await.unwrap();
        let text = number.to_string();
        assert_eq!(socket.exchange(&text).await, text);
        socket.close().await;
    }
}

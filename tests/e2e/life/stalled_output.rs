//! Stdout and stderr that are not read: nothing waits for their reader.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    harness::{Hubgate, Setup, within},
    hub::Hub,
};

/// At 70 bytes a line, more than a pipe of 64 KiB and its reader's buffer hold.
const LINES: usize = 1500;

#[tokio::test]
async fn a_stalled_stderr_delays_neither_requests_nor_commands_nor_the_stop() {
    let hub = Hub::start().await;
    let mut gate = talkative(&hub).await;
    gate.stall_output(true);
    for _ in 0..LINES {
        fail_a_handshake(&gate).await;
    }
    let mut client = gate.tls().http1().await;
    let answer = within("a request is answered", client.get("/plain")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(gate.commanded(&["status"]).await.status, Some(0));
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn the_lines_of_a_stalled_stderr_are_written_once_it_is_read_again() {
    let hub = Hub::start().await;
    let mut gate = talkative(&hub).await;
    gate.stall_output(true);
    for _ in 0..LINES {
        fail_a_handshake(&gate).await;
    }
    gate.stall_output(false);
    gate.terminate();
    assert!(gate.ended().await.success());
    gate.line_with("INFO ended").await;
    let failed = gate.printed().matches("received corrupt message").count();
    assert_eq!(failed, LINES);
}

async fn talkative(hub: &Hub) -> Hubgate {
    let setup = Setup::home(&hub.url()).top("log: {level: debug}");
    setup.start().await
}

/// Sends a record that is no ClientHello, of which the journal has a line at the level `debug`.
async fn fail_a_handshake(gate: &Hubgate) {
    let mut client = TcpStream::connect(gate.https()).await.unwrap();
    client.write_all(b"\x16\x03\x01\0\x05hello").await.unwrap();
    let mut rest = Vec::new();
    within("a failed handshake ends", client.read_to_end(&mut rest))
        .await
        .ok();
}

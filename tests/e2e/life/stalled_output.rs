//! Stdout and stderr that are not read: nothing waits for their reader.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually, within},
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

/// Lines of 2 KiB that exceed what the queue and the writer hold, 1 MiB each.
const LONG_LINES: usize = 1500;

#[tokio::test]
async fn lines_lost_to_a_stalled_reader_are_counted_once_it_reads_again() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.stall_output(true);
    let target = format!("/plain?{}", "x".repeat(3000));
    let mut client = gate.tls().http1().await;
    for _ in 0..LONG_LINES {
        assert_eq!(client.get(&target).await.status, 200);
    }
    gate.stall_output(false);
    eventually(DEADLINE, "each line is written or counted", async || {
        let printed = gate.printed();
        let (written, lost) = (printed.matches("GET /plain?xxx").count(), lost(&printed));
        lost > 0 && written + lost == LONG_LINES
    })
    .await;
}

/// The lines that the journal reports as lost.
fn lost(printed: &str) -> usize {
    let reports = printed.lines().filter_map(|line| {
        let (_, report) = line.split_once("access log: ")?;
        let (lines, _) = report.split_once(" lines lost")?;
        lines.parse::<usize>().ok()
    });
    reports.sum()
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

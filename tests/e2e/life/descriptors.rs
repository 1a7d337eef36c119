//! No file descriptors left: commands are answered, and the journal is not filled.

use std::{collections::BTreeSet, fs};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::net::TcpStream;

use crate::{
    harness::{DEADLINE, Setup, eventually},
    hub::Hub,
};

/// Least number of a descriptor that the program inherits from the tests.
const INHERITED: u64 = 200;

#[tokio::test]
async fn without_file_descriptors_a_reload_is_answered_with_an_error_and_the_journal_warns_once() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let process = gate.process();
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let numbers = open.map(|fd| fd.unwrap().file_name().into_string().unwrap());
    let numbers: BTreeSet<u64> = numbers.map(|fd| fd.parse().unwrap()).collect();
    // A gap below is left to a connection; the descriptor in reserve has to be within the limit.
    let highest = numbers.range(..INHERITED).next_back().unwrap();
    let before = limit(process, highest + 1);
    let mut connections = Vec::new();
    eventually(DEADLINE, "no connection is accepted", async || {
        connections.push(TcpStream::connect(gate.https()).await.unwrap());
        gate.printed().contains("cannot accept a connection")
    })
    .await;
    let ran = gate.commanded(&["reload"]).await;
    assert_ne!(ran.status, Some(0));
    assert!(ran.stderr.contains("Too many open files"), "{}", ran.stderr);
    assert_eq!(gate.commanded(&["status"]).await.status, Some(0));
    let warnings = gate.printed().matches("cannot accept a connection").count();
    assert_eq!(warnings, 1);
    limit(process, before);
    drop(connections);
    eventually(DEADLINE, "connections are accepted again", async || {
        gate.tls().certificate().await.is_ok()
    })
    .await;
    assert_eq!(gate.commanded(&["reload"]).await.status, Some(0));
}

/// Sets the limit of a process's file descriptors; the limit before.
fn limit(process: u32, most: u64) -> u64 {
    let process = Pid::from_raw(process.cast_signed());
    let limit = Rlimit {
        current: Some(most),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    let before = prlimit(process, Resource::Nofile, limit);
    before.unwrap().current.unwrap()
}

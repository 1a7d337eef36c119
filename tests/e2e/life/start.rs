//! Start: with inherited sockets, with ports that others hold.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixListener,
};

use socket2::{Domain, Socket, Type};
use tokio::task::spawn_blocking;

use crate::{
    harness::{Setup, SlowFiles, hubgate, within},
    hub::Hub,
};

#[tokio::test]
async fn sockets_handed_in_are_served() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    // No other process can bind a port that is listened on.
    let http = TcpListener::bind(setup.http().address()).unwrap();
    let https = TcpListener::bind(setup.https().address()).unwrap();
    let mut early = TcpStream::connect(http.local_addr().unwrap()).unwrap();
    early
        .write_all(b"GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
        .unwrap();
    let gate = setup.inherit(http).inherit(https).start().await;
    assert_eq!(gate.tls().http2().await.get("/plain").await.text(), "plain");
    let reading = spawn_blocking(move || {
        let mut answer = String::new();
        early.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = within("the early client gets a response", reading).await;
    assert!(answer.unwrap().unwrap().starts_with("HTTP/1.1 301 "));
    assert!(!gate.printed().contains("cannot listen"));
}

#[tokio::test]
async fn an_unused_passed_socket_is_reported_and_closed() {
    let hub = Hub::start().await;
    let stray = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stray.local_addr().unwrap();
    let gate = Setup::home(&hub.url()).inherit(stray).start().await;
    gate.line_with(&format!("the inherited socket {address} is not in listen"))
        .await;
    assert_eq!(gate.tls().http2().await.get("/plain").await.text(), "plain");
    let closed = tokio::net::TcpStream::connect(address).await;
    assert!(closed.is_err());
}

#[tokio::test]
async fn descriptors_that_are_no_listening_tcp_sockets_are_named_and_end_the_start() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let folder = tempfile::tempdir().unwrap();
    let unix = UnixListener::bind(folder.path().join("socket")).unwrap();
    let silent = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let good = TcpListener::bind(setup.https().address()).unwrap();
    let setup = setup.inherit(UdpSocket::bind("127.0.0.1:0").unwrap());
    let setup = setup.inherit(good).inherit(unix).inherit(silent);
    let file = tempfile::tempfile().unwrap();
    let mut gate = setup.inherit(file).launch();
    assert_eq!(gate.ended().await.code(), Some(1));
    let line = gate.line_with("LISTEN_FDS: ").await;
    for named in [
        "descriptor 3 is a UDP socket",
        "descriptor 5 is a Unix socket",
        "descriptor 6 is a TCP socket that does not listen",
        "descriptor 7 is a file",
    ] {
        assert!(line.contains(named), "{line}");
    }
    assert!(!line.contains("descriptor 4"), "{line}");
}

#[test]
fn a_taken_port_443_is_reported_and_ends_the_start() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let folder = setup.write();
    let _other = TcpListener::bind(setup.https().address()).unwrap();
    let ran = hubgate(&folder, &["run"]);
    assert_eq!(ran.status, Some(1));
    let port = setup.https().number().to_string();
    assert!(ran.stderr.contains(&port), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot listen"), "{}", ran.stderr);
}

#[test]
fn a_broken_configuration_ends_the_start_with_78() {
    let setup = Setup::home("http://127.0.0.1:8080").site("acces: public");
    let ran = hubgate(&setup.write(), &["run"]);
    assert_eq!(ran.status, Some(78));
    assert!(ran.stderr.contains("acces"), "{}", ran.stderr);
}

#[test]
fn a_start_in_a_folder_that_does_not_answer_ends_and_names_the_file() {
    let (setup, files) = (Setup::home("http://127.0.0.1:8080"), SlowFiles::build());
    let folder = setup.write();
    files.hang("proxy.yaml");
    let ran = files.command_in(&folder, &["run"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("proxy.yaml: no answer for 5 s"),
        "{}",
        ran.stderr
    );
}

#[tokio::test]
async fn hubgate_restarts_on_the_same_ports_after_a_kill() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    for _ in 0..2 {
        gate.kill();
        assert!(gate.tls().certificate().await.is_err());
        gate.start_again().await;
        assert_eq!(gate.tls().http1().await.get("/plain").await.status, 200);
    }
}

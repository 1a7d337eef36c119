//! `hubgate demo` prints correct values and removes all its files.

use std::{fs, net::TcpListener, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use rustix::process::Signal;

use crate::harness::{Demo, until};

/// Sooner than streams are given to end when a server is stopped.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn the_printed_words_open_the_stand_in() {
    let demo = Demo::start(&["--stand-in", "--port", "0"]).await;
    let mut client = demo.client().http2().await;
    assert_eq!(client.get("/").await.status, 401);
    let login = login(&demo);
    let fields = [("authorization", login.as_str())];
    let page = client.exchange(Method::GET, "/", &fields, "").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("stand-in hub"), "{}", page.text());
}

#[tokio::test]
async fn a_taken_port_is_skipped() {
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = other.local_addr().unwrap().port();
    let demo = Demo::start(&["--stand-in", "--port", &taken.to_string()]).await;
    assert!(!demo.printed("open").ends_with(&format!(":{taken}")));
    assert_eq!(demo.client().http1().await.get("/").await.status, 401);
}

#[tokio::test]
async fn ctrl_c_ends_the_demo_at_once_and_leaves_no_files() {
    ends_at_once(Signal::INT).await;
}

#[tokio::test]
async fn the_demo_ends_with_its_terminal() {
    ends_at_once(Signal::HUP).await;
}

#[tokio::test]
async fn a_demo_without_connections_ends_in_order_on_each_signal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut demo = Demo::start(&["--stand-in", "--port", "0"]).await;
        demo.signal(signal);
        assert!(demo.ended(AT_ONCE).await.success(), "{signal:?}");
    }
}

/// Ends a demo with a page open.
async fn ends_at_once(signal: Signal) {
    let mut demo = Demo::start(&["--stand-in", "--port", "0"]).await;
    let mut client = demo.client().http2().await;
    let login = login(&demo);
    let fields = [("authorization", login.as_str())];
    let events = client.open(Method::GET, "/rest/events", &fields, "").await;
    let mut events = events.into_body();
    until(&mut events, "tick").await;
    demo.signal(signal);
    assert!(demo.ended(AT_ONCE).await.success());
    let left = fs::read_dir(demo.folder()).unwrap().count();
    assert_eq!(left, 0, "files are left");
    assert!(!demo.has_printed("reload"), "its files end with it");
}

fn login(demo: &Demo) -> String {
    let pair = format!("{}:{}", demo.printed("user"), demo.printed("password"));
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

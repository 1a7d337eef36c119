//! Both ports on IPv4 and IPv6; a taken port 80 does not stop 443.

use std::net::{Ipv6Addr, SocketAddr, TcpListener};

use crate::{
    harness::{DEADLINE, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn one_address_takes_both_families() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .listen(r#"listen: {http: ["[::]:HTTP"], https: ["[::]:HTTPS"]}"#)
        .start()
        .await;
    let six = |port| SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    for tls in [gate.tls(), gate.tls().to(six(gate.https().port()))] {
        assert_eq!(tls.http2().await.get("/").await.status, 200);
    }
    for clear in [gate.clear(), gate.clear().to(six(gate.http().port()))] {
        assert_eq!(clear.http1().await.get("/").await.status, 301);
    }
}

#[tokio::test]
async fn a_taken_port_80_does_not_stop_443() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let hotspot = TcpListener::bind(setup.http().address()).unwrap();
    let gate = setup.start().await;
    assert_eq!(gate.tls().http2().await.get("/").await.status, 200);
    gate.line_with(&gate.http().port().to_string()).await;
    drop(hotspot);
    eventually(DEADLINE, "the freed port is taken", async || {
        tokio::net::TcpStream::connect(gate.http()).await.is_ok()
    })
    .await;
    assert_eq!(gate.clear().http1().await.get("/").await.status, 301);
}

//! Revocation takes effect at once: on every request and every open exchange.

use http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{
    harness::{
        Authority, Client, DEADLINE, Http, Hubgate, Leaf, RawConnection, Setup, WebSocket,
        eventually, until, within,
    },
    hub::Hub,
};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n";

#[tokio::test]
async fn connections_of_a_revoked_device_end_and_others_live_on() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let (anna, ben) = (family.client("anna"), family.client("ben"));
    let revocation = family.revoking(&[&anna]);
    let gate = with_list(&hub, &family, "").await;
    let anna = gate.tls().showing(anna);
    let mut hers = OpenExchanges::by(&anna).await;
    let mut his = OpenExchanges::by(&gate.tls().showing(ben)).await;
    hers.lives(&hub, "before").await;
    gate.write("ca.crl", &revocation);
    hers.ends().await;
    assert_eq!(anna.fetch("/").await.status, 495);
    his.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_device_taken_off_the_list_of_names_is_cut_by_the_reload() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {client_certificate: {ca: ca.pem, allow: [anna, ben]}}")
        .start()
        .await;
    let [anna, ben] = ["anna", "ben"].map(|name| gate.tls().showing(family.client(name)));
    let (hers, mut his) = (
        OpenExchanges::by(&anna).await,
        OpenExchanges::by(&ben).await,
    );
    reload_with(&gate, "[anna, ben]", "[ben]");
    hers.ends().await;
    assert_eq!(anna.fetch("/").await.status, 495);
    his.lives(&hub, "after").await;
}

#[tokio::test]
async fn all_devices_of_a_ca_that_is_no_longer_taken_are_cut() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("new.pem", &Authority::new("new").pem())
        .site("access: {client_certificate: ca.pem}")
        .start()
        .await;
    let anna = gate.tls().showing(family.client("anna"));
    let hers = OpenExchanges::by(&anna).await;
    reload_with(&gate, "ca.pem", "new.pem");
    hers.ends().await;
    assert_eq!(anna.fetch("/").await.status, 495);
}

#[tokio::test]
async fn a_path_that_names_the_ca_without_its_list_spares_no_revoked_device() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let anna = family.client("anna");
    let revocation = family.revoking(&[&anna]);
    let path = "paths: [{path: /admin/, access: {client_certificate: ca.pem}}]";
    let gate = with_list(&hub, &family, path).await;
    let anna = gate.tls().showing(anna);
    let hers = OpenExchanges::by(&anna).await;
    gate.write("ca.crl", &revocation);
    hers.ends().await;
}

#[tokio::test]
async fn a_client_admitted_without_the_certificate_is_not_cut() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let anna = family.client("anna");
    let revocation = family.revoking(&[&anna]);
    let gate = with_list(&hub, &family, "paths: [{path: /ws, access: public}]").await;
    let caller = gate.tls().showing(anna);
    let mut socket = caller.websocket("/ws", &[]).await.ok().unwrap();
    gate.write("ca.crl", &revocation);
    gate.line_with("was read again").await;
    assert_eq!(caller.fetch("/").await.status, 495);
    assert_eq!(socket.exchange("still here").await, "still here");
}

/// All exchanges that one device may have open.
struct OpenExchanges {
    socket: WebSocket,
    idle: RawConnection,
    streams: [Incoming; 2],
    http2: Http,
}

impl OpenExchanges {
    async fn by(caller: &Client) -> Self {
        let mut idle = caller.raw().await;
        assert_eq!(idle.exchange(REQUEST).await.status, 200);
        let mut http2 = caller.http2().await;
        let streams = [
            events(&mut caller.http1().await).await,
            events(&mut http2).await,
        ];
        let socket = caller.websocket("/socket", &[]).await;
        Self {
            socket: socket.ok().unwrap(),
            idle,
            streams,
            http2,
        }
    }

    /// Asserts that everything works.
    async fn lives(&mut self, hub: &Hub, tick: &str) {
        assert_eq!(self.socket.exchange(tick).await, tick);
        assert_eq!(self.idle.exchange(REQUEST).await.status, 200);
        assert_eq!(self.http2.get("/").await.status, 200);
        hub.tick(tick);
        for stream in &mut self.streams {
            until(stream, tick).await;
        }
    }

    /// Asserts that hubgate closes everything, without any bytes from the client.
    async fn ends(mut self) {
        assert_eq!(self.socket.receive().await, None);
        self.idle.end().await;
        for stream in &mut self.streams {
            while let Some(Ok(_)) = within("the end of the stream", stream.frame()).await {}
        }
        let what = "the HTTP/2 connection is closed";
        eventually(DEADLINE, what, async || self.http2.is_closed()).await;
    }
}

async fn events(client: &mut Http) -> Incoming {
    let answer = client.open(Method::GET, "/rest/events", &[], "").await;
    assert_eq!(answer.status(), 200);
    answer.into_body()
}

/// Starts hubgate with the family's CA and an empty revocation list.
async fn with_list(hub: &Hub, family: &Authority, line: &str) -> Hubgate {
    let none: [&Leaf; 0] = [];
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &family.revoking(&none))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .site(line)
        .start()
        .await
}

fn reload_with(gate: &Hubgate, old: &str, new: &str) {
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    assert!(yaml.contains(old), "{yaml}");
    gate.write("proxy.yaml", &yaml.replace(old, new));
    gate.reload();
}

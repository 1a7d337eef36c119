//! WebSockets, event streams and uploads end when the credentials that admitted them lose their
//! validity.

use http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{
    harness::{
        ANNA, Client, DEADLINE, HTPASSWD, Http, Hubgate, Setup, WebSocket, eventually, until,
        within,
    },
    hub::Hub,
    openhab::session::ours,
};

/// `ben` with the password of `anna`.
const BEN: &str = "ben:$apr1$hubgate1$rYNu03LLorgdj2aZDjK/W1\n";
/// The credential of `ben`.
const AS_BEN: &str = "Basic YmVuOnNlY3JldA==";
/// `anna` with another password.
const CHANGED: &str = "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

#[tokio::test]
async fn a_deleted_user_loses_open_connections_and_the_others_keep_theirs() {
    let hub = Hub::start().await;
    let gate = password(&hub, &format!("{HTPASSWD}{BEN}")).await;
    let mut hers = OpenExchanges::by(&gate.tls(), &[("authorization", ANNA)]).await;
    let mut his = OpenExchanges::by(&gate.tls(), &[("authorization", AS_BEN)]).await;
    hers.lives(&hub, "before").await;
    gate.write("htpasswd", BEN);
    hers.ends().await;
    his.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_changed_password_ends_the_connections_of_the_old_one() {
    let hub = Hub::start().await;
    let gate = password(&hub, &format!("{HTPASSWD}{BEN}")).await;
    let hers = OpenExchanges::by(&gate.tls(), &[("authorization", ANNA)]).await;
    let mut his = OpenExchanges::by(&gate.tls(), &[("authorization", AS_BEN)]).await;
    gate.write("htpasswd", &format!("{CHANGED}{BEN}"));
    hers.ends().await;
    his.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_changed_password_ends_the_connections_of_its_session() {
    let hub = Hub::start().await;
    let gate = password(&hub, &format!("{HTPASSWD}{BEN}")).await;
    let cookie = login(&gate.tls(), ANNA).await;
    let his_cookie = login(&gate.tls(), AS_BEN).await;
    let hers = OpenExchanges::by(&gate.tls(), &[("cookie", &cookie)]).await;
    let mut his = OpenExchanges::by(&gate.tls(), &[("cookie", &his_cookie)]).await;
    gate.write("htpasswd", &format!("{CHANGED}{BEN}"));
    hers.ends().await;
    his.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_reload_without_sessions_ends_their_connections_and_leaves_those_of_passwords() {
    let hub = Hub::start().await;
    let gate = password(&hub, HTPASSWD).await;
    let cookie = login(&gate.tls(), ANNA).await;
    let by_session = OpenExchanges::by(&gate.tls(), &[("cookie", &cookie)]).await;
    let mut by_password = OpenExchanges::by(&gate.tls(), &[("authorization", ANNA)]).await;
    reload_with(
        &gate,
        "password: htpasswd",
        "password: htpasswd, session: off",
    );
    by_session.ends().await;
    by_password.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_network_that_a_reload_removes_loses_its_connections() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {networks: [127.0.0.1, 127.0.0.9]}")
        .start()
        .await;
    let removed = OpenExchanges::by(&gate.tls(), &[]).await;
    let mut kept = OpenExchanges::by(&gate.tls().from("127.0.0.9"), &[]).await;
    let mut upload = gate.tls().raw().await;
    upload.send(UPLOAD).await;
    hub.request("/upload").await;
    reload_with(&gate, "127.0.0.1, 127.0.0.9", "127.0.0.9");
    removed.ends().await;
    upload.end().await;
    kept.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_client_behind_a_proxy_that_is_no_longer_trusted_loses_its_connections() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.1]")
        .site("access: {networks: [192.0.2.0/24]}")
        .start()
        .await;
    let open = OpenExchanges::by(&gate.tls(), &[("x-forwarded-for", "192.0.2.7")]).await;
    reload_with(&gate, "trusted_proxies: [127.0.0.1]", "trusted_proxies: []");
    open.ends().await;
}

#[tokio::test]
async fn a_connection_of_a_proxy_that_is_no_longer_trusted_ends_as_a_whole() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.1]")
        .site("access: {networks: [192.0.2.0/24]}")
        .start()
        .await;
    let mut named = gate
        .tls()
        .announcing("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n")
        .raw()
        .await;
    let request = "GET /plain HTTP/1.1\r\nHost: home.test\r\n\r\n";
    assert_eq!(named.exchange(request).await.status, 200);
    reload_with(&gate, "trusted_proxies: [127.0.0.1]", "trusted_proxies: []");
    named.end().await;
}

#[tokio::test]
async fn an_origin_that_a_reload_removes_loses_the_connections_of_its_pages() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {networks: [lan], origins: [\"https://panel.test\", \"https://kept.test\"]}")
        .start()
        .await;
    let removed = OpenExchanges::by(&gate.tls(), &[("origin", "https://panel.test")]).await;
    let mut kept = OpenExchanges::by(&gate.tls(), &[("origin", "https://kept.test")]).await;
    let mut own = OpenExchanges::by(&gate.tls(), &[("origin", "https://home.test")]).await;
    reload_with(&gate, "\"https://panel.test\", ", "");
    removed.ends().await;
    kept.lives(&hub, "after").await;
    own.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_place_that_a_reload_closes_loses_the_connections_of_foreign_pages() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {networks: [lan]}")
        .site("paths: [{path: /, access: public}]")
        .start()
        .await;
    let foreign = OpenExchanges::by(&gate.tls(), &[("origin", "https://evil.test")]).await;
    let mut own = OpenExchanges::by(&gate.tls(), &[]).await;
    reload_with(&gate, "path: /,", "path: /static/,");
    foreign.ends().await;
    own.lives(&hub, "after").await;
}

#[tokio::test]
async fn a_path_that_a_reload_closes_loses_the_connections_below_it() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths: [{path: /rest/, access: public}]")
        .start()
        .await;
    let mut http2 = gate.tls().http2().await;
    let mut stream = events(&mut http2, &[]).await;
    let mut socket = gate.tls().websocket("/rest/ws", &[]).await.ok().unwrap();
    reload_with(&gate, "path: /rest/", "path: /static/");
    assert_eq!(socket.receive().await, None);
    ended(&mut stream).await;
}

#[tokio::test]
async fn a_site_that_a_reload_removes_loses_its_connections() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .hosts("[home.test, other.test]")
        .start()
        .await;
    let removed = OpenExchanges::by(&gate.tls().name("other.test"), &[]).await;
    let mut kept = OpenExchanges::by(&gate.tls(), &[]).await;
    reload_with(&gate, "[home.test, other.test]", "[home.test]");
    removed.ends().await;
    kept.lives(&hub, "after").await;
}

#[tokio::test]
async fn one_http2_stream_ends_and_the_others_of_its_connection_go_on() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .file("htpasswd", &format!("{HTPASSWD}{BEN}"))
        .site("access: {password: htpasswd}")
        .site("paths: [{path: /events, access: public}]")
        .start()
        .await;
    let mut http2 = gate.tls().http2().await;
    let mut hers = events(&mut http2, &[("authorization", ANNA)]).await;
    let open = http2.open(Method::GET, "/events", &[], "").await;
    let mut public = open.into_body();
    gate.write("htpasswd", BEN);
    ended(&mut hers).await;
    hub.tick("after");
    until(&mut public, "after").await;
    let fields = [("authorization", AS_BEN)];
    let answer = http2.exchange(Method::GET, "/", &fields, "").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn connections_through_the_engine_end_too() {
    let hub = Hub::start().await;
    let gate = password(&hub, &format!("{HTPASSWD}{BEN}")).await;
    let fields = [("authorization", ANNA), ("expect", "100-continue")];
    let mut streams = Vec::new();
    for mut client in [gate.tls().http1().await, gate.tls().http2().await] {
        streams.push(events(&mut client, &fields).await);
    }
    gate.write("htpasswd", BEN);
    for stream in &mut streams {
        ended(stream).await;
    }
}

#[tokio::test]
async fn an_upgrade_that_the_hub_has_not_answered_ends_too() {
    let hub = Hub::start().await;
    let gate = password(&hub, &format!("{HTPASSWD}{BEN}")).await;
    let mut client = gate.tls().raw().await;
    client
        .send(format!(
            "GET /slow HTTP/1.1\r\nHost: home.test\r\nAuthorization: {ANNA}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ))
        .await;
    hub.request("/slow").await;
    gate.write("htpasswd", BEN);
    assert_eq!(client.end().await, b"");
}

#[tokio::test]
async fn a_reload_that_changes_no_right_ends_nothing() {
    const SOCKETS: usize = 100;
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {connections_per_address: 1000}")
        .password()
        .site("paths: [{path: /rest/, access: public}]")
        .start()
        .await;
    let cookie = login(&gate.tls(), ANNA).await;
    let mut sockets = Vec::new();
    for number in 0..SOCKETS {
        let by_cookie = [("cookie", cookie.as_str())];
        let by_password = [("authorization", ANNA)];
        let fields = [&by_cookie[..], &by_password[..]][number % 2];
        sockets.push(gate.tls().websocket("/ws", fields).await.ok().unwrap());
    }
    let mut open = OpenExchanges::by(&gate.tls(), &[("cookie", &cookie)]).await;
    for (count, (old, new)) in (1..).zip([
        ("path: /rest/", "path: /static/"),
        (
            "connections_per_address: 1000",
            "connections_per_address: 999",
        ),
        (
            "password: htpasswd",
            "networks: [192.0.2.0/24], password: htpasswd",
        ),
    ]) {
        gate.write("htpasswd", &format!("{HTPASSWD}# {new}\n"));
        printed(&gate, "htpasswd was read again", count).await;
        reload_with(&gate, old, new);
        printed(&gate, "reloaded ", count).await;
    }
    for socket in &mut sockets {
        assert_eq!(socket.exchange("after").await, "after");
    }
    open.lives(&hub, "after").await;
    assert!(!gate.printed().contains("no longer admitted"));
}

/// An upload of which the most is still to come.
const UPLOAD: &str =
    "POST /upload HTTP/1.1\r\nHost: home.test\r\nContent-Length: 1000\r\n\r\nbegun";

/// Open exchanges of one client: a WebSocket, and event streams over HTTP/1.1 and HTTP/2.
pub(super) struct OpenExchanges {
    socket: WebSocket,
    streams: [Incoming; 2],
}

impl OpenExchanges {
    pub(super) async fn by(caller: &Client, fields: &[(&str, &str)]) -> Self {
        let streams = [
            events(&mut caller.http1().await, fields).await,
            events(&mut caller.http2().await, fields).await,
        ];
        let socket = caller.websocket("/socket", fields).await;
        Self {
            socket: socket.ok().unwrap(),
            streams,
        }
    }

    pub(super) async fn lives(&mut self, hub: &Hub, tick: &str) {
        assert_eq!(self.socket.exchange(tick).await, tick);
        hub.tick(tick);
        for stream in &mut self.streams {
            until(stream, tick).await;
        }
    }

    pub(super) async fn ends(mut self) {
        assert_eq!(self.socket.receive().await, None);
        for stream in &mut self.streams {
            ended(stream).await;
        }
    }
}

async fn printed(gate: &Hubgate, line: &str, times: usize) {
    eventually(DEADLINE, line, async || {
        gate.printed().matches(line).count() == times
    })
    .await;
}

async fn ended(stream: &mut Incoming) {
    while let Some(Ok(_)) = within("the end of the stream", stream.frame()).await {}
}

async fn events(client: &mut Http, fields: &[(&str, &str)]) -> Incoming {
    let answer = client.open(Method::GET, "/rest/events", fields, "").await;
    assert_eq!(answer.status(), 200);
    answer.into_body()
}

/// The cookie of a new session.
pub(super) async fn login(caller: &Client, credential: &str) -> String {
    let mut client = caller.http1().await;
    let fields = [("authorization", credential)];
    let answer = client.exchange(Method::GET, "/login", &fields, "").await;
    let cookie = ours(&answer).expect("a cookie");
    cookie.split(';').next().unwrap().to_owned()
}

pub(super) async fn password(hub: &Hub, users: &str) -> Hubgate {
    Setup::home(&hub.url())
        .file("htpasswd", users)
        .site("access: {password: htpasswd}")
        .start()
        .await
}

fn reload_with(gate: &Hubgate, old: &str, new: &str) {
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    assert!(yaml.contains(old), "{yaml}");
    gate.write("proxy.yaml", &yaml.replace(old, new));
    gate.reload();
}

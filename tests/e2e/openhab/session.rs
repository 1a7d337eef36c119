//! A session cookie remembers a login, since service workers raise no prompt and Safari prompts
//! again on a WebSocket's 401. Passwords only; certificates are in `session_certificate`.

use http::Method;

use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{ANNA, Client, DEADLINE, HTPASSWD, Response, Setup, eventually},
    hub::Hub,
};

/// `anna` with another password, and `ben` with the one of `anna`.
const CHANGED: &str = "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
const BEN: &str = "ben:$apr1$hubgate1$rYNu03LLorgdj2aZDjK/W1\n";
const OUT: [u16; 3] = [401, 401, 401];

#[tokio::test]
async fn a_password_is_remembered_in_a_guarded_cookie() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let answer = get(&gate.tls(), "/cookies", &[("authorization", ANNA)]).await;
    let cookies = answer.values("set-cookie");
    assert_eq!(cookies.len(), 3, "the hub's two stay: {cookies:?}");
    let ours = ours(&answer).unwrap();
    let (value, attributes) = ours.split_once("; ").unwrap();
    let expected = "Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax";
    assert_eq!(attributes, expected);
    let value = value.strip_prefix("__Host-hubgate=").unwrap();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert!(value.len() < 300 && value.chars().all(plain), "{value}");
}

#[tokio::test]
async fn a_session_enters_every_way_and_is_not_set_again() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    assert_eq!(statuses_on_each_protocol(&gate.tls(), "/", &[]).await, OUT);
    let caller = gate.tls();
    let origin = format!("https://{}", caller.host());
    let own = [("cookie", cookie.as_str()), ("origin", &origin)];
    assert_eq!(statuses_on_each_protocol(&caller, "/", &own).await, IN);
    let answer = get(&caller, "/", &own[..1]).await;
    assert_eq!(ours(&answer), None);
    let line = gate.line_with("\"GET / HTTP/2.0\" 200").await;
    assert!(line.contains(" anna "), "{line}");
}

#[tokio::test]
async fn a_session_does_not_count_for_another_sites_page() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    let cookie = ("cookie", cookie.as_str());
    for foreign in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("origin", "http://home.test"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let ways = statuses_on_each_protocol(&gate.tls(), "/", &[cookie, foreign]).await;
        assert_eq!(ways, OUT, "{foreign:?}");
    }
    assert!(hub.received("/").is_none());
}

#[tokio::test]
async fn a_link_in_a_mail_finds_the_session_and_commands_nothing() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    let link = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let answer = get(&gate.tls(), "/page", &link).await;
    assert_eq!(answer.status, 200);
    let answer = get(&gate.tls(), "/basicui/CMD?Door=ON", &link).await;
    assert_eq!(answer.status, 401);
    assert!(hub.received("/basicui/CMD?Door=ON").is_none());
}

#[tokio::test]
async fn a_session_is_of_one_site_only() {
    let hub = Hub::start().await;
    let site = "{hosts: [other.test], certificate: {chain: home.pem, key: home.key}, \
                upstream: URL, access: {password: htpasswd}}";
    let gate = Setup::home(&hub.url())
        .password()
        .other_site(&site.replace("URL", &hub.url()))
        .start()
        .await;
    let other = gate.tls().name("other.test");
    let (here, there) = (login(&gate.tls()).await, login(&other).await);
    for (caller, cookie, ways) in [
        (gate.tls(), &here, IN),
        (gate.tls(), &there, OUT),
        (other.clone(), &here, OUT),
        (other, &there, IN),
    ] {
        let cookie = ("cookie", cookie.as_str());
        assert_eq!(
            statuses_on_each_protocol(&caller, "/", &[cookie]).await,
            ways
        );
    }
}

#[tokio::test]
async fn a_changed_password_or_a_deleted_user_ends_the_session() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    let cookie = [("cookie", cookie.as_str())];
    let changes = [(CHANGED, OUT), (HTPASSWD, IN), (BEN, OUT)];
    for ((users, ways), count) in changes.into_iter().zip(1..) {
        gate.write("htpasswd", users);
        eventually(DEADLINE, "it is read", async || {
            gate.printed().matches("htpasswd was read again").count() >= count
        })
        .await;
        assert_eq!(
            statuses_on_each_protocol(&gate.tls(), "/", &cookie).await,
            ways,
            "{users}"
        );
    }
}

#[tokio::test]
async fn disabled_sessions_set_no_cookie_and_accept_none() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    let cookie = ("cookie", cookie.as_str());
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[cookie]).await,
        IN
    );
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    let off = yaml.replace("password: htpasswd", "password: htpasswd, session: off");
    gate.write("proxy.yaml", &off);
    gate.reload();
    gate.line_with("reloaded").await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[cookie]).await,
        OUT
    );
    let answer = get(&gate.tls(), "/off", &[("authorization", ANNA), cookie]).await;
    assert_eq!((answer.status, ours(&answer)), (200, None));
    assert_eq!(hub.request("/off").await.field("cookie"), None);
}

#[tokio::test]
async fn a_site_without_a_password_or_without_tls_has_no_session() {
    let hub = Hub::start().await;
    let open = Setup::home(&hub.url()).start().await;
    let answer = get(&open.tls(), "/", &[("authorization", ANNA)]).await;
    assert_eq!(ours(&answer), None);
    assert!(!open.folder().join("certs/session.key").exists());
    let clear = Setup::home(&hub.url())
        .listen(r#"listen: {http: ["127.0.0.1:HTTP"], https: []}"#)
        .password()
        .start()
        .await;
    let mut client = clear.clear().http1().await;
    let fields = [("authorization", ANNA)];
    let answer = client.exchange(Method::GET, "/", &fields, "").await;
    assert_eq!((answer.status, ours(&answer)), (200, None));
}

#[tokio::test]
async fn the_hub_never_sees_the_cookie_and_all_others_as_they_were() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let good = login(&gate.tls()).await;
    for (round, ours) in [good.as_str(), "__Host-hubgate=forged"]
        .into_iter()
        .enumerate()
    {
        let cookies = format!("X-OPENHAB-SESSIONID=a;  b=\"c d\"; {ours}; X-OPENHAB-AUTH-HEADER=1");
        let fields = [("authorization", ANNA), ("cookie", cookies.as_str())];
        let target = format!("/seen/{round}");
        assert_eq!(
            statuses_on_each_protocol(&gate.tls(), &target, &fields).await,
            IN
        );
        let requests = hub.requests();
        let seen: Vec<_> = requests
            .iter()
            .filter(|request| request.target() == target)
            .collect();
        assert_eq!(seen.len(), 3);
        for request in seen {
            let expected = "X-OPENHAB-SESSIONID=a;  b=\"c d\"; X-OPENHAB-AUTH-HEADER=1";
            assert_eq!(request.values("cookie"), [expected]);
        }
    }
    let crumbs = [
        ("cookie", "a=1"),
        ("cookie", good.as_str()),
        ("cookie", "b=2"),
    ];
    assert_eq!(get(&gate.tls(), "/crumbs", &crumbs).await.status, 200);
    let request = hub.request("/crumbs").await;
    assert_eq!(request.values("cookie"), ["a=1; b=2"]);
}

#[tokio::test]
async fn a_token_passes_beside_a_session_and_a_password_does_not() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    let cookie = ("cookie", cookie.as_str());
    let token = "Basic b2gudG9rZW4uYWJjOg==";
    for (target, sent, seen) in [
        ("/bearer", "Bearer abc", Some("Bearer abc")),
        ("/token", token, Some(token)),
        ("/password", ANNA, None),
    ] {
        let fields = [cookie, ("authorization", sent)];
        assert_eq!(get(&gate.tls(), target, &fields).await.status, 200);
        let request = hub.request(target).await;
        assert_eq!(request.field("authorization"), seen);
    }
}

#[tokio::test]
async fn a_restart_keeps_the_session_and_a_lost_key_ends_it() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).password().start().await;
    let cookie = login(&gate.tls()).await;
    let cookie = ("cookie", cookie.as_str());
    gate.kill();
    gate.start_again().await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[cookie]).await,
        IN
    );
    gate.kill();
    gate.write("certs/session.key", "damaged");
    gate.start_again().await;
    gate.line_with("not a key of 32 bytes").await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[cookie]).await,
        OUT
    );
    let answer = get(&gate.tls(), "/", &[cookie, ("authorization", ANNA)]).await;
    assert!(ours(&answer).is_some());
}

#[tokio::test]
async fn no_answer_made_for_shared_caches_sets_the_cookie() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    for (target, control, sets) in [
        ("/a", "max-age=60", true),
        ("/b", "max-age=60, Public", false),
        ("/c", "s-maxage=60", false),
    ] {
        let head =
            format!("HTTP/1.1 200 OK\r\nCache-Control: {control}\r\nContent-Length: 0\r\n\r\n");
        hub.set_response(target, &head, true);
        let answer = get(&gate.tls(), target, &[("authorization", ANNA)]).await;
        assert_eq!(ours(&answer).is_some(), sets, "{control}");
    }
}

#[tokio::test]
async fn the_cookie_and_its_key_are_in_no_log() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .top("log: {access: json, level: debug}")
        .start()
        .await;
    let cookie = login(&gate.tls()).await;
    let fields = [("cookie", cookie.as_str())];
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/logged", &fields).await,
        IN
    );
    gate.line_with("/logged").await;
    let value = cookie.split_once('=').unwrap().1;
    assert!(!gate.printed().contains(value), "{}", gate.printed());
}

async fn get(caller: &Client, target: &str, fields: &[(&str, &str)]) -> Response {
    let mut client = caller.http2().await;
    client.exchange(Method::GET, target, fields, "").await
}

/// Logs in as `anna` and returns the session cookie, as a browser sends it.
async fn login(caller: &Client) -> String {
    let answer = get(caller, "/login", &[("authorization", ANNA)]).await;
    let cookie = ours(&answer).expect("a cookie");
    cookie.split(';').next().unwrap().to_owned()
}

/// The cookie of hubgate's own that an answer sets, once at most.
pub fn ours(answer: &Response) -> Option<String> {
    let mut cookies = answer.values("set-cookie").into_iter();
    let first = cookies.find(|cookie| cookie.starts_with("__Host-hubgate="));
    assert_eq!(
        cookies.find(|cookie| cookie.starts_with("__Host-hubgate=")),
        None
    );
    first.map(str::to_owned)
}

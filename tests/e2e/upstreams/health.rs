//! `upstream.health`: active health checks, and the choice among healthy hubs.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    harness::{Authority, DEADLINE, Hubgate, Setup, eventually},
    http2_hubs::hub::Http2Hub,
    hub::{Hub, SecureHub},
    hub_transports::UnixRelay,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

/// The value of `upstream` for these hubs.
fn upstream(hubs: &[&Hub], more: &str) -> String {
    let urls: Vec<_> = hubs
        .iter()
        .map(|hub| format!("\"{}\"", hub.url()))
        .collect();
    format!("{{servers: [{}], {more}}}", urls.join(", "))
}

/// Http2Client hubs that pass their checks, and hubgate in front of them.
async fn two(health: &str) -> (Hub, Hub, Hubgate) {
    let (one, other) = (Hub::start().await, Hub::start().await);
    for hub in [&one, &other] {
        hub.set_response("/up", OK, true);
    }
    let upstream = upstream(&[&one, &other], &format!("health: {health}"));
    let gate = Setup::home(&upstream).start().await;
    (one, other, gate)
}

fn checks(hub: &Hub) -> usize {
    let requests = hub.requests();
    let checks = requests.iter().filter(|request| request.target() == "/up");
    checks.count()
}

async fn checked(hub: &Hub, times: usize) {
    let what = format!("{times} checks");
    eventually(DEADLINE, &what, async || checks(hub) >= times).await;
}

async fn visits(gate: &Hubgate, times: usize) {
    let caller = gate.tls();
    for _ in 0..times {
        assert_eq!(caller.fetch("/plain").await.status, 200);
    }
}

/// The hubs of the site with this host in `hubgate status --json`.
fn hubs(gate: &Hubgate, host: &str) -> Vec<Value> {
    let status = gate.command(&["status", "--json"]).succeeded();
    let status: Value = serde_json::from_str(&status).unwrap();
    let mut sites = status["sites"].as_array().unwrap().iter();
    let site = sites.find(|site| site["hosts"][0] == host).unwrap();
    site["hubs"].as_array().unwrap().clone()
}

/// Waits for the first check of the site's hub, and compares its result.
async fn becomes(gate: &Hubgate, host: &str, healthy: bool) {
    let what = format!("{host} is checked");
    eventually(DEADLINE, &what, async || {
        hubs(gate, host)[0]["healthy"].is_boolean()
    })
    .await;
    let state = &hubs(gate, host)[0];
    assert_eq!(state["healthy"], healthy, "{host}: {state}");
}

#[tokio::test]
async fn an_unhealthy_hub_is_passed_over_until_it_is_healthy_again() {
    let (one, other, gate) = two("{path: /up?key=s3cret, every: 1s}").await;
    one.set_response("/up?key=s3cret", BUSY, true);
    let line = gate.line_with("is unhealthy").await;
    let begin = format!("site home.test: the hub {} is unhealthy: /up: ", one.url());
    assert!(line.contains(&begin), "{line}");
    assert!(
        line.contains("it answers 503; requests go to the others"),
        "{line}"
    );
    visits(&gate, 10).await;
    assert!(one.received("/plain").is_none());
    let text = gate.command(&["status"]).succeeded();
    assert!(
        text.contains(&format!("hub {} UNHEALTHY since ", one.url())),
        "{text}"
    );
    let states = hubs(&gate, "home.test");
    assert_eq!(
        (&states[0]["healthy"], &states[1]["healthy"]),
        (&false.into(), &true.into())
    );
    assert!(states[0]["since"].is_string() && states[1]["response_ms"].is_u64());
    let check = other.request("/up?key=s3cret").await;
    assert!(check.field("user-agent").unwrap().contains("health check"));
    assert_eq!(check.field("host"), Some("home.test"));
    one.set_response("/up?key=s3cret", OK, true);
    gate.line_with("is healthy again").await;
    visits(&gate, 4).await;
    assert!(one.received("/plain").is_some());
    let printed = gate.printed();
    assert_eq!(printed.matches("is unhealthy").count(), 1, "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn a_hub_that_ends_is_unhealthy_until_it_comes_back() {
    let (mut one, _other, gate) = two("{path: /up, every: 1s}").await;
    one.stop().await;
    let line = gate.line_with("is unhealthy").await;
    assert!(line.to_lowercase().contains("refused"), "{line}");
    visits(&gate, 6).await;
    one.start_again().await;
    gate.line_with("is healthy again").await;
    visits(&gate, 4).await;
    assert!(one.received("/plain").is_some());
}

#[tokio::test]
async fn a_hub_that_hangs_at_its_check_delays_no_request() {
    for more in ["", ", connections: 1"] {
        let hub = Hub::start().await;
        hub.set_response("/up", "", true);
        let more = format!("health: {{path: /up, every: 2s}}{more}");
        let gate = Setup::home(&upstream(&[&hub], &more)).start().await;
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(5) {
            let asked = Instant::now();
            visits(&gate, 1).await;
            assert!(
                asked.elapsed() < Duration::from_millis(1500),
                "{:?}",
                asked.elapsed()
            );
            sleep(Duration::from_millis(50)).await;
        }
        checked(&hub, 1).await;
        if more.contains("connections") {
            continue;
        }
        let line = gate.line_with("is unhealthy").await;
        assert!(line.contains("no answer within 2 s"), "{line}");
        assert!(line.contains("requests still go to it"), "{line}");
    }
}

#[tokio::test]
async fn requests_go_to_all_hubs_while_none_is_healthy() {
    let (one, other, gate) = two("{path: /up, every: 1s}").await;
    for hub in [&one, &other] {
        hub.set_response("/up", BUSY, true);
    }
    gate.line_with("no hub of the site is healthy, and requests go to all")
        .await;
    visits(&gate, 6).await;
    assert!(one.received("/plain").is_some() && other.received("/plain").is_some());
}

#[tokio::test]
async fn a_redirect_or_a_401_passes_a_check() {
    let (one, other, gate) = two("{path: /up, every: 1s}").await;
    one.set_response(
        "/up",
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
        true,
    );
    other.set_response(
        "/up",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        true,
    );
    checked(&one, 4).await;
    checked(&other, 4).await;
    let printed = gate.printed();
    assert!(!printed.contains("unhealthy"), "{printed}");
}

#[tokio::test]
async fn a_malformed_answer_fails_a_check() {
    let (one, _other, gate) = two("{path: /up, every: 1s}").await;
    one.set_response(
        "/up",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        false,
    );
    let line = gate.line_with("is unhealthy").await;
    assert!(line.contains("Content-Length"), "{line}");
}

#[tokio::test]
async fn each_transport_is_checked_with_the_trust_of_requests() {
    let (hub, root) = (Hub::start().await, Authority::new("hub root"));
    let leaf = root.server(&["hub.lan"]);
    let other = root.server(&["other.lan"]).chain_pem;
    let pem = leaf.chain_pem.clone();
    let secure = SecureHub::showing(&hub, leaf).await;
    let relay = UnixRelay::before(hub.address());
    let two = Http2Hub::start(9).await;
    let health = "health: {path: /plain, every: 1s}";
    let unix = format!(
        "{{servers: [\"{}\"], host: hub.lan, {health}}}",
        relay.url()
    );
    let two_relay = UnixRelay::before(two.address());
    let two_unix = format!(
        "{{servers: [\"{}\"], http2: true, {health}}}",
        two_relay.url()
    );
    let more = format!(", {health}");
    let limited = format!(", connections: 1, {health}");
    let sites = [
        (
            "pin",
            secure.upstream(&format!("pin: hub.pem, {health}")),
            true,
        ),
        (
            "wrong",
            secure.upstream(&format!("pin: other.pem, {health}")),
            false,
        ),
        (
            "name",
            secure.upstream(&format!("ca: ca.pem, {health}")),
            false,
        ),
        ("unix", unix, true),
        ("two", two.upstream(&more), true),
        ("limited", two.upstream(&limited), true),
        ("unixtwo", two_unix, true),
        (
            "no2",
            upstream(&[&hub], &format!("http2: true, {health}")),
            false,
        ),
    ];
    let mut setup = Setup::home(&hub.url()).file("hub.pem", &pem);
    setup = setup.file("other.pem", &other).file("ca.pem", &root.pem());
    for (host, upstream, _) in &sites {
        let site = format!("{{hosts: [{host}.test], upstream: {upstream}}}");
        setup = setup.other_site(&site);
    }
    let gate = setup.start().await;
    for (host, _, healthy) in &sites {
        becomes(&gate, &format!("{host}.test"), *healthy).await;
    }
    let requests = hub.requests();
    let mut hosts = requests.iter().map(|request| request.field("host"));
    assert!(hosts.any(|host| host == Some("hub.lan")));
}

#[tokio::test]
async fn a_reload_keeps_the_health_and_makes_no_check_of_a_healthy_hub() {
    let (one, other) = (Hub::start().await, Hub::start().await);
    one.set_response("/up", BUSY, true);
    other.set_response("/up", OK, true);
    let health = "health: {path: /up, every: 1h}";
    let gate = Setup::home(&upstream(&[&one, &other], health))
        .start()
        .await;
    gate.line_with("is unhealthy").await;
    checked(&other, 1).await;
    for _ in 0..5 {
        assert_eq!(gate.command(&["reload"]).status, Some(0));
        visits(&gate, 4).await;
    }
    assert!(one.received("/plain").is_none());
    assert_eq!(checks(&other), 1);
    let printed = gate.printed();
    assert_eq!(printed.matches("is unhealthy").count(), 1, "{printed}");
    one.set_response("/up", OK, true);
    assert_eq!(gate.command(&["reload"]).status, Some(0));
    gate.line_with("is healthy again").await;
}

#[tokio::test]
async fn checks_follow_the_configuration_and_end_with_it() {
    let (one, other, gate) = two("{path: /up, every: 1s}").await;
    checked(&one, 1).await;
    let file = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    let without = file.replace(", health: {path: /up, every: 1s}", "");
    assert_ne!(file, without);
    gate.write("proxy.yaml", &without);
    assert_eq!(gate.command(&["reload"]).status, Some(0));
    let before = (checks(&one), checks(&other));
    sleep(Duration::from_millis(2500)).await;
    // One check may have begun before the reload.
    assert!(checks(&one) <= before.0 + 1 && checks(&other) <= before.1 + 1);
    assert!(hubs(&gate, "home.test").is_empty());
    gate.write("proxy.yaml", &file);
    assert_eq!(gate.command(&["reload"]).status, Some(0));
    checked(&other, before.1 + 3).await;
}

#[tokio::test]
async fn a_process_that_drains_makes_no_check() {
    let (one, other, mut gate) = two("{path: /up, every: 1s}").await;
    checked(&one, 1).await;
    let mut client = gate.tls().raw().await;
    client
        .send("GET /hang HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    eventually(DEADLINE, "a hub gets the request", async || {
        one.received("/hang").or(other.received("/hang")).is_some()
    })
    .await;
    gate.terminate();
    sleep(Duration::from_millis(200)).await;
    let before = checks(&one);
    gate.ended().await;
    assert!(checks(&one) <= before + 1);
}

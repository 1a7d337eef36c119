//! `hubgate explain` agrees with the running hubgate.

use std::fs;

use http::Method;
use serde_json::Value;

use crate::{
    harness::{ANNA, Client, HTPASSWD, Hubgate, Setup, hubgate},
    hub::Hub,
    phones::fixture::{AWAY, Fixture},
};

const HOME: &str = "127.0.0.1";

/// A request, as `explain` gets it by its arguments.
#[derive(Clone, Copy, Debug)]
struct Case {
    host: &'static str,
    target: &'static str,
    from: &'static str,
    device: Option<&'static str>,
    user: Option<&'static str>,
    /// Expected status of the running hubgate, so that both cannot err alike.
    status: u16,
}

#[tokio::test]
async fn explain_agrees_with_the_running_hubgate() {
    let fixture = fixture().await;
    let anna = fixture.home().showing(fixture.enrol("Anna").await);
    let ben = fixture.home().showing(fixture.enrol("Ben").await);
    let revoke = ["client", "revoke", "Ben"];
    fixture.gate.commanded(&revoke).await.succeeded();
    for case in CASES {
        let caller = match case.device {
            Some("Anna") => anna.clone(),
            Some(_) => ben.clone(),
            None => fixture.home(),
        };
        let explained = explained(&fixture.gate, case);
        let answered = answered(caller, case).await;
        assert_eq!(answered, case.status, "{case:?}");
        let status = explained["status"].as_u64();
        let expected = Some(u64::from(answered)).filter(|status| *status != 200);
        assert_eq!(status, expected, "{case:?}: {explained:#}");
        let hub = explained["forwarded_to"].is_array();
        assert_eq!(hub, answered == 200, "{case:?}: {explained:#}");
    }
    assert!(fixture.hub.requests().len() >= 8);
}

#[tokio::test]
async fn a_plain_http_request_is_redirected_as_explain_reports() {
    let fixture = fixture().await;
    let gate = &fixture.gate;
    let url = format!("http://home.test:{}/x?y", gate.http().port());
    let explanation = gate.command(&["explain", &url, "--from", HOME, "--json"]);
    let explanation: Value = serde_json::from_str(&explanation.succeeded()).unwrap();
    let answer = gate.clear().http1().await.get("/x?y").await;
    assert_eq!(answer.status, 301);
    assert_eq!(explanation["status"], 301);
    assert_eq!(explanation["location"].as_str(), answer.field("location"));
}

#[test]
fn explain_names_the_origins_that_count_as_own() {
    let setup = Setup::home("http://127.0.0.1:8080")
        .site("access: {networks: [127.0.0.1], origins: [\"https://panel.test\"]}")
        .site("paths: [{path: /camera/, access: {origins: [\"https://tv.test\"]}}]");
    let folder = setup.write();
    let origins = |path: &str| {
        let url = format!("https://home.test{path}");
        let explanation =
            hubgate(&folder, &["explain", &url, "--from", HOME, "--json"]).succeeded();
        let explanation: Value = serde_json::from_str(&explanation).unwrap();
        explanation["origins"].clone()
    };
    assert_eq!(origins("/"), serde_json::json!(["https://panel.test"]));
    let both = serde_json::json!(["https://panel.test", "https://tv.test"]);
    assert_eq!(origins("/camera/"), both);
}

#[test]
fn explain_works_without_a_running_hubgate_and_leaves_no_files() {
    let setup = setup("http://127.0.0.1:8080");
    let folder = setup.write();
    let explain = |arguments: &[&str]| {
        let url = "https://home.test/deep/";
        hubgate(&folder, &[&["explain", url, "--from"], arguments].concat())
    };
    let explanation = explain(&[AWAY, "--user", "anna"]).succeeded();
    for part in ["home.test", "requested in the handshake", "496: ", "note: "] {
        assert!(explanation.contains(part), "{part}: {explanation}");
    }
    let explanation = explain(&[HOME]).succeeded();
    let sentence = "forwarded to http://127.0.0.1:8080: admitted by its network";
    assert!(explanation.contains(sentence), "{explanation}");
    assert!(!folder.join("state").exists());
}

#[test]
fn explain_reports_each_bad_request_with_its_cure() {
    let setup = setup("http://127.0.0.1:8080");
    let folder = setup.write();
    fs::create_dir(folder.join("state")).unwrap();
    for (arguments, cure) in [
        (&["home.test", "--from", HOME][..], "https://"),
        (
            &["https://home.test/", "--from", HOME, "--client", "Cleo"],
            "Cleo",
        ),
        (
            &["https://home.test/", "--from", HOME, "--user", "a:b"],
            "--user",
        ),
    ] {
        let ran = hubgate(&folder, &[&["explain"], arguments].concat());
        assert_eq!(ran.status, Some(1));
        assert!(ran.stderr.contains(cure), "{}", ran.stderr);
    }
    let ran = hubgate(&folder, &["explain", "https://home.test/"]);
    assert_eq!(ran.status, Some(2));
}

async fn fixture() -> Fixture {
    let hub = Hub::start().await;
    let gate = setup(&hub.url()).start().await;
    gate.answers_commands().await;
    Fixture { hub, gate }
}

fn setup(hub: &str) -> Setup {
    Setup::home(hub)
        .top("state: state")
        .site("access: {networks: [127.0.0.1], client_certificate: own}")
        .site("paths:")
        .site("  - {path: /static/, access: public}")
        .site("  - {path: /admin/, access: {password: htpasswd}}")
        .site("  - {path: /local/, access: {networks: [127.0.0.1]}}")
        .other_site(&format!(
            "{{hosts: [other.test], upstream: '{hub}', access: {{password: htpasswd}}, \
             certificate: {{chain: home.pem, key: home.key}}}}"
        ))
        .file("htpasswd", HTPASSWD)
}

fn explained(gate: &Hubgate, case: &Case) -> Value {
    let url = format!(
        "https://{}:{}{}",
        case.host,
        gate.https().port(),
        case.target
    );
    let mut arguments = vec!["explain", &url, "--from", case.from, "--json"];
    arguments.extend(case.device.iter().flat_map(|name| ["--client", name]));
    arguments.extend(case.user.iter().flat_map(|name| ["--user", name]));
    serde_json::from_str(&gate.command(&arguments).succeeded()).unwrap()
}

async fn answered(caller: Client, case: &Case) -> u16 {
    let caller = caller
        .name(case.host)
        .from(case.from)
        .accepting_any_certificate();
    let credential = case.user.map(|user| match user {
        "anna" => ("authorization", ANNA),
        // nobody:secret
        _ => ("authorization", "Basic bm9ib2R5OnNlY3JldA=="),
    });
    let fields: Vec<_> = credential.into_iter().collect();
    let mut client = caller.http1().await;
    client
        .exchange(Method::GET, case.target, &fields, "")
        .await
        .status
}

const fn case(host: &'static str, target: &'static str, from: &'static str, status: u16) -> Case {
    Case {
        host,
        target,
        from,
        device: None,
        user: None,
        status,
    }
}

impl Case {
    const fn with(mut self, device: &'static str) -> Self {
        self.device = Some(device);
        self
    }

    const fn by(mut self, user: &'static str) -> Self {
        self.user = Some(user);
        self
    }
}

const CASES: &[Case] = &[
    case("home.test", "/", HOME, 200),
    case("home.test", "/", AWAY, 496),
    case("home.test", "/", AWAY, 200).with("Anna"),
    case("home.test", "/", AWAY, 495).with("Ben"),
    case("home.test", "/", HOME, 200).with("Ben"),
    case("home.test", "/", AWAY, 496).by("anna"),
    case("home.test", "/static/a.css", AWAY, 200),
    case("home.test", "/static/..%2fadmin/", AWAY, 400),
    case("home.test", "/static/%00", HOME, 400),
    case("home.test", "/admin/", HOME, 401),
    case("home.test", "/admin/?x=1", HOME, 200).by("anna"),
    case("home.test", "/admin/", HOME, 401).by("nobody"),
    case("home.test", "/admin/", AWAY, 401).with("Anna"),
    case("home.test", "/admin/", AWAY, 200)
        .with("Anna")
        .by("anna"),
    case("home.test", "/local/", AWAY, 496).with("Anna"),
    case("home.test", "/local/", HOME, 200),
    case("home.test", "/.hubgate/enrol/x", AWAY, 400),
    case("home.test", "/.hubgate/enrol/x", HOME, 404),
    case("other.test", "/", HOME, 401),
    case("other.test", "/", AWAY, 200).by("anna"),
    case("other.test", "/", AWAY, 401).by("nobody"),
    case("unknown.test", "/", HOME, 421),
];

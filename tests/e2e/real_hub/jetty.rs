//! Jetty 9 as Debian packs it, with the limits openHAB gives it.

use std::{fs, path::Path, process::Command};

use super::{RealHub, skip};
use crate::harness::{Authority, HTPASSWD, Port, Setup};

/// Debian's folder of Java libraries.
const LIBRARIES: &str = "/usr/share/java";

/// Classes that the hub's source needs.
const CLASSES: [&str; 7] = [
    "jetty9-server",
    "jetty9-servlet",
    "jetty9-security",
    "jetty9-http",
    "jetty9-io",
    "jetty9-util",
    "servlet-api",
];

/// Starts Jetty on a file `page.html`; none where it is not installed.
async fn jetty() -> Option<RealHub> {
    let missing = missing();
    if !missing.is_empty() {
        skip(&missing.join(", "));
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("page.html"), "<h1>a page</h1>").unwrap();
    let port = Port::keep();
    let mut command = Command::new("java");
    command
        .args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp"])
        .arg(CLASSES.map(library).join(":"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/e2e/real_hub/JettyHub.java"
        ))
        .arg(port.number().to_string())
        .arg(folder.path());
    Some(RealHub::start(command, port, folder, "/page.html").await)
}

fn missing() -> Vec<String> {
    let files = CLASSES.map(library).into_iter();
    let mut missing: Vec<_> = files.filter(|file| !Path::new(file).exists()).collect();
    // A source file as the program needs the compiler, not only the runtime.
    let compiler = Command::new("javac").arg("-version").output();
    if compiler.is_err() {
        missing.push("a Java development kit".to_owned());
    }
    missing
}

fn library(name: &str) -> String {
    format!("{LIBRARIES}/{name}.jar")
}

#[tokio::test]
async fn jetty_serves_files_and_answers_in_chunks() {
    let Some(hub) = jetty().await else { return };
    let gate = Setup::home(&hub.url()).start().await;
    let mut http1 = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    for client in [&mut http1, &mut http2] {
        assert_eq!(client.get("/page.html").await.text(), "<h1>a page</h1>");
        let chunked = client.get("/chunked").await;
        assert_eq!(chunked.text(), "one,two,three");
        assert!(
            chunked
                .field("set-cookie")
                .unwrap()
                .starts_with("JSESSIONID=")
        );
        assert_eq!(client.get("/nowhere").await.status, 404);
    }
}

#[tokio::test]
async fn jetty_reads_the_whole_body_of_either_protocol() {
    let Some(hub) = jetty().await else { return };
    let gate = Setup::home(&hub.url()).start().await;
    let body = "b".repeat(200_000);
    let mut http1 = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    for client in [&mut http1, &mut http2] {
        for method in [http::Method::POST, http::Method::PUT] {
            let answer = client.exchange(method, "/length", &[], &body).await;
            assert_eq!(answer.text(), "127.0.0.1 200000");
        }
    }
}

#[tokio::test]
async fn a_large_request_head_still_fits_jetty() {
    let Some(hub) = jetty().await else { return };
    let gate = Setup::home(&hub.url())
        .file("htpasswd", HTPASSWD)
        .site("access: {networks: [lan], password: htpasswd}")
        .start()
        .await;
    let cookie = "c".repeat(7_400);
    let fields = [("cookie", cookie.as_str())];
    let mut client = gate.tls().http2().await;
    let answer = client
        .exchange(http::Method::GET, "/page.html", &fields, "")
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn jetty_is_reached_by_network_password_or_certificate() {
    let Some(hub) = jetty().await else { return };
    let family = Authority::new("family");
    let gate = Setup::home(&hub.url())
        .file("htpasswd", HTPASSWD)
        .file("ca.pem", &family.pem())
        .site("access: {networks: [127.0.0.2/32], password: htpasswd, client_certificate: ca.pem}")
        .start()
        .await;
    // anna:secret
    let login = [("authorization", "Basic YW5uYTpzZWNyZXQ=")];
    let phone = gate.tls().showing(family.client("phone"));
    for (caller, fields, status) in [
        (gate.tls().from("127.0.0.2"), &[][..], 200),
        (gate.tls().from("127.0.0.3"), &[][..], 401),
        (gate.tls().from("127.0.0.3"), &login[..], 200),
        (phone.from("127.0.0.3"), &[][..], 200),
    ] {
        let mut client = caller.http2().await;
        let answer = client
            .exchange(http::Method::GET, "/page.html", fields, "")
            .await;
        assert_eq!(answer.status, status);
    }
}

//! `serve: metrics`, scraped by Prometheus and checked by its `promtool`.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use http::Method;
use regex::Regex;

use crate::{
    harness::{ANNA, DEADLINE, Hubgate, Port, Setup, eventually, foreign},
    hub::Hub,
};

const PATH: &str = "paths: [{path: /metrics, serve: metrics, access: {password: htpasswd}}]";

async fn serving(hub: &Hub) -> Hubgate {
    Setup::home(&hub.url()).password().site(PATH).start().await
}

/// Scrapes as anna.
async fn scrape(gate: &Hubgate, accept: &str) -> (String, String) {
    let fields = [("authorization", ANNA), ("accept", accept)];
    let mut client = gate.tls().http1().await;
    let response = client.exchange(Method::GET, "/metrics", &fields, "").await;
    assert_eq!(response.status, 200);
    let kind = response
        .field("content-type")
        .unwrap_or_default()
        .to_owned();
    (kind, response.text().into_owned())
}

#[tokio::test]
async fn metrics_are_served_only_to_admitted_requests_and_only_read() {
    let hub = Hub::start().await;
    let gate = serving(&hub).await;
    let mut client = gate.tls().http2().await;
    assert_eq!(client.get("/metrics").await.status, 401);
    let admitted = [("authorization", ANNA)];
    for (method, status) in [
        (Method::HEAD, 200),
        (Method::POST, 405),
        (Method::DELETE, 405),
    ] {
        let response = client
            .exchange(method.clone(), "/metrics", &admitted, "")
            .await;
        assert_eq!(response.status, status, "{method}");
        assert_eq!(response.text(), "");
    }
    assert_eq!(
        client
            .exchange(Method::GET, "/plain", &admitted, "")
            .await
            .text(),
        "plain"
    );
}

#[tokio::test]
async fn a_scrape_counts_requests_by_labels_of_the_configuration_only() {
    let hub = Hub::start().await;
    let gate = serving(&hub).await;
    let agent = [("authorization", ANNA), ("user-agent", "agent-x")];
    let mut client = gate.tls().http2().await;
    assert_eq!(
        client
            .exchange(Method::GET, "/plain?path-x", &agent, "")
            .await
            .status,
        200
    );
    assert_eq!(client.get("/path-y").await.status, 401);
    let (kind, metrics) = scrape(&gate, "application/openmetrics-text;version=1.0.0").await;
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    for line in [
        r#"hubgate_requests_total{site="home.test",method="read",protocol="http2",status="200"} 1"#,
        r#"hubgate_entries_total{site="home.test",factors="password"} 1"#,
        r#"hubgate_refusals_total{site="home.test",reason="password_absent"} 1"#,
        "hubgate_requests_in_flight 1",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    for foreign in ["path-", "agent-x", "127.0.0.1\"", "anna"] {
        assert!(!metrics.contains(foreign), "{foreign} in {metrics}");
    }
}

#[tokio::test]
async fn promtool_and_prometheus_accept_the_metrics_and_rules() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).hosts("[home.test, localhost]");
    let gate = setup.password().site(PATH).start().await;
    let (kind, metrics) = scrape(&gate, "*/*").await;
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    promtool_checks(&metrics);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics");
    let rules = docs.join("hubgate-rules.yml");
    foreign("promtool", &["check", "rules", rules.to_str().unwrap()]).succeeded();
    let port = Port::keep();
    let target = gate.https();
    let config = format!(
        "global: {{scrape_interval: 1s}}\nrule_files: [\"{}\"]\nscrape_configs:\n  \
         - job_name: hubgate\n    scheme: https\n    basic_auth: {{username: anna, password: secret}}\n    \
         tls_config: {{ca_file: root.pem}}\n    \
         static_configs: [{{targets: [\"localhost:{}\"]}}]\n",
        rules.display(),
        target.port()
    );
    gate.write("prometheus.yml", &config);
    gate.write("root.pem", &gate.root_pem());
    let mut prometheus = Command::new("prometheus")
        .arg(format!("--web.listen-address={}", port.address()))
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"])
        .current_dir(gate.folder())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!(
        "http://{}/api/v1/query?query=hubgate_requests_total",
        port.address()
    );
    eventually(DEADLINE, "Prometheus has the counters", async || {
        foreign("curl", &["-s", &url])
            .stdout
            .contains("\"method\":\"read\"")
    })
    .await;
    let _ = prometheus.kill();
    let _ = prometheus.wait();
}

fn promtool_checks(metrics: &str) {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let printed = printed + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && printed.is_empty(),
        "{printed}\n{metrics}"
    );
}

/// Returns the names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:hubgate|process)_[a-z_]+[a-z]\b").unwrap();
    let names = name.find_iter(text).map(|name| name.as_str().to_owned());
    names.filter(|name| name != "hubgate_rules").collect()
}

#[tokio::test]
async fn each_metric_of_the_documents_exists_and_each_metric_is_documented() {
    let mut hub = Hub::start().await;
    let gate = serving(&hub).await;
    assert_eq!(gate.tls().http1().await.get("/metrics").await.status, 401);
    let fields = [("authorization", ANNA)];
    hub.stop().await;
    let mut client = gate.tls().http1().await;
    assert_eq!(
        client.exchange(Method::GET, "/", &fields, "").await.status,
        503
    );
    let (_, metrics) = scrape(&gate, "").await;
    let base = |name: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        let cut = ends.iter().find_map(|end| name.strip_suffix(end));
        cut.unwrap_or(name).to_owned()
    };
    let served: BTreeSet<_> = named(&metrics).iter().map(|name| base(name)).collect();
    // Those of devices and of certificates of a CA, which this site does not have.
    let rare = |name: &&String| name.contains("_device_") || name.contains("_late");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for file in [
        "metrics.md",
        "metrics/hubgate-rules.yml",
        "metrics/grafana.json",
    ] {
        let text = fs::read_to_string(docs.join(file)).unwrap();
        let names: BTreeSet<_> = named(&text).iter().map(|name| base(name)).collect();
        for name in names.iter().filter(|name| !rare(name)) {
            assert!(served.contains(name), "{name} of {file} in {served:?}");
        }
        if file == "metrics.md" {
            for name in &served {
                assert!(names.contains(name), "{name} is not in {file}");
            }
        }
    }
}

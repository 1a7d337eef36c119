//! `upstream.pin`: a hub over TLS is trusted by its own certificate, with any content.

use std::{fs, path::Path};

use aws_lc_rs::digest::{SHA256, digest};
use http::Method;
use rustls::version::{TLS12, TLS13};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{Authority, Leaf, Setup, foreign},
    hub::{Hub, SecureHub},
};

/// Common kinds of certificates, each by a shell script that writes `hub.pem` with its key.
const MADE: [(&str, &str); 5] = [
    (
        "openssl req -x509: a CA's, without subjectAltName",
        "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=openhab.org \
         -keyout key.pem -out cert.pem && cat cert.pem key.pem > hub.pem",
    ),
    (
        "of Jetty in openHAB, by keytool: version 3, subjectKeyIdentifier only",
        "keytool -genkeypair -alias mykey -keyalg RSA -keysize 2048 -sigalg SHA256withRSA \
         -dname 'CN=openhab.org, OU=None, O=None, L=None, C=None' -validity 3650 \
         -keystore keystore -storetype PKCS12 -storepass openhab -keypass openhab && \
         openssl pkcs12 -in keystore -passin pass:openhab -nodes -out hub.pem",
    ),
    (
        "of an elliptic curve, for localhost",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 30 \
         -subj /CN=localhost -addext subjectAltName=DNS:localhost \
         -keyout key.pem -out cert.pem && cat cert.pem key.pem > hub.pem",
    ),
    (
        "of X.509 version 1",
        "openssl req -newkey rsa:2048 -nodes -subj /CN=camera -keyout key.pem -out csr.pem && \
         openssl x509 -req -in csr.pem -signkey key.pem -days 30 -out cert.pem && \
         cat cert.pem key.pem > hub.pem",
    ),
    (
        "for another use, with an extension that is critical and unknown",
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=router \
         -addext extendedKeyUsage=clientAuth -addext 1.2.3.4=critical,ASN1:NULL \
         -keyout key.pem -out cert.pem && cat cert.pem key.pem > hub.pem",
    ),
];

fn made(script: &str) -> Leaf {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("cd {} && {script}", folder.path().display());
    foreign("sh", &["-ec", &script]).succeeded();
    Leaf::read(&fs::read_to_string(folder.path().join("hub.pem")).unwrap())
}

fn sha256(leaf: &Leaf) -> String {
    let hash = digest(&SHA256, &leaf.certificate);
    let bytes = hash.as_ref().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn expired() -> Leaf {
    Authority::new("old").client_with("hub", |params| {
        params.not_before = time::OffsetDateTime::UNIX_EPOCH;
        params.not_after = time::OffsetDateTime::UNIX_EPOCH + time::Duration::DAY;
    })
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_with_any_content_on_each_protocol() {
    let hub = Hub::start().await;
    let made = MADE.iter().map(|(name, script)| (*name, made(script)));
    for (name, leaf) in made.chain([("ended", expired())]) {
        let (hash, pem) = (sha256(&leaf), leaf.chain_pem.clone());
        for versions in [&[&TLS13][..], &[&TLS12]] {
            let secure = SecureHub::speaking(&hub, leaf.clone(), versions).await;
            for pin in ["pin: hub.pem".to_owned(), format!("pin: sha256:{hash}")] {
                let gate = Setup::home(&secure.upstream(&pin)).file("hub.pem", &pem);
                let gate = gate.start().await;
                assert_eq!(
                    statuses_on_each_protocol(&gate.tls(), "/", &[]).await,
                    IN,
                    "{name}"
                );
                let mut client = gate.tls().http1().await;
                let posted = client.exchange(Method::POST, "/", &[], "body").await;
                assert_eq!(posted.status, 200, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_to_a_pinned_hub_is_used_again() {
    let hub = Hub::start().await;
    let leaf = made(MADE[0].1);
    let secure = SecureHub::showing(&hub, leaf.clone()).await;
    let upstream = secure.upstream(&format!("pin: sha256:{}", sha256(&leaf)));
    let gate = Setup::home(&upstream).start().await;
    let mut client = gate.tls().http1().await;
    for _ in 0..5 {
        assert_eq!(client.get("/").await.status, 200);
    }
    assert_eq!(secure.handshakes(), 1);
}

#[tokio::test]
async fn another_certificate_is_refused_on_each_way_and_the_cause_logged() {
    let hub = Hub::start().await;
    let (leaf, other) = (made(MADE[0].1), made(MADE[0].1));
    let secure = SecureHub::showing(&hub, other.clone()).await;
    let gate = Setup::home(&secure.upstream("pin: hub.pem")).file("hub.pem", &leaf.chain_pem);
    let gate = gate.start().await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[]).await,
        [502; 3]
    );
    let line = gate.line_with("not the certificate of `pin`").await;
    assert!(line.contains(&sha256(&other)), "{line}");
    assert!(hub.requests().is_empty());
    assert_eq!(secure.handshakes(), 0);
}

#[tokio::test]
async fn the_pinned_certificate_without_its_key_is_refused() {
    let hub = Hub::start().await;
    for script in [MADE[0].1, MADE[3].1] {
        let (leaf, thief) = (made(script), made(script));
        let stolen = leaf.clone().with_key_of(&thief);
        for versions in [&[&TLS13][..], &[&TLS12]] {
            let secure = SecureHub::speaking(&hub, stolen.clone(), versions).await;
            let gate = Setup::home(&secure.upstream("pin: hub.pem"));
            let gate = gate.file("hub.pem", &leaf.chain_pem).start().await;
            assert_eq!(
                statuses_on_each_protocol(&gate.tls(), "/", &[]).await,
                [502; 3]
            );
            gate.line_with("does not have the private key").await;
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_server_with_another_certificate_is_skipped_for_the_next() {
    let hub = Hub::start().await;
    let (leaf, other) = (made(MADE[0].1), made(MADE[0].1));
    let right = SecureHub::showing(&hub, leaf.clone()).await;
    let wrong = SecureHub::showing(&hub, other).await;
    let (hash, urls) = (sha256(&leaf), [wrong.url(), right.url()]);
    let upstream = format!("{{servers: {urls:?}, pin: sha256:{hash}}}");
    let gate = Setup::home(&upstream).start().await;
    for _ in 0..3 {
        assert_eq!(statuses_on_each_protocol(&gate.tls(), "/", &[]).await, IN);
    }
    assert_eq!(wrong.handshakes(), 0);
}

#[tokio::test]
async fn without_trust_check_and_doctor_name_the_cause_and_the_line_to_write() {
    let hub = Hub::start().await;
    let leaf = made(MADE[1].1);
    let secure = SecureHub::showing(&hub, leaf.clone()).await;
    let gate = Setup::home(&secure.url()).start().await;
    let line = format!(
        "upstream: {{servers: [\"{}\"], pin: sha256:{}}}",
        secure.url(),
        sha256(&leaf)
    );
    for command in ["check", "doctor"] {
        let ran = gate.commanded(&[command]).await;
        let output = format!("{}{}", ran.stdout, ran.stderr);
        assert!(output.contains(&line), "{command}: {output}");
        assert!(output.contains("it is signed by itself"), "{output}");
        assert!(output.contains("CN=openhab.org"), "{output}");
    }
    assert_eq!(gate.tls().fetch("/").await.status, 502);
    gate.line_with("it is signed by itself").await;
    replace_upstream(gate.folder(), &secure.url(), &line);
    assert_eq!(gate.commanded(&["reload"]).await.status, Some(0));
    assert_eq!(gate.tls().fetch("/").await.status, 200);
    let checked = gate.commanded(&["check"]).await;
    assert!(
        !checked.stdout.contains("warning: hub"),
        "{}",
        checked.stdout
    );
}

/// Writes the line that was printed.
fn replace_upstream(folder: &Path, url: &str, line: &str) {
    let file = folder.join("proxy.yaml");
    let yaml = fs::read_to_string(&file).unwrap();
    let yaml = yaml.replace(&format!("upstream: {url}"), line);
    fs::write(file, yaml).unwrap();
}

#[tokio::test]
async fn a_hub_without_tls_is_reported_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.ok();
        }
    });
    let gate = Setup::home(&url).start().await;
    assert_eq!(gate.tls().fetch("/").await.status, 502);
    gate.line_with("write http instead of https").await;
}

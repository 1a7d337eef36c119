//! TLS with a private CA, and the way through a proxy.

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::tls::testing::{Folder, TestCa, changed, leaf_params};

/// A server for `ca.test` and this machine, with the root it is trusted by.
async fn trusted(folder: &Folder, script: fn(usize, &str) -> Reply) -> (Server, HttpsClient) {
    let ca = TestCa::new("private");
    let issued = ca.issue_with(changed(leaf_params("ca.test"), |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = ["ca.test", "127.0.0.1"]
            .map(|name| match name.parse() {
                Ok(address) => rcgen::SanType::IpAddress(address),
                Err(_) => rcgen::SanType::DnsName(name.try_into().unwrap()),
            })
            .to_vec();
    }));
    let config = ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(issued.chain.clone(), issued.key_der())
    .unwrap();
    let server = Server::start_tls(TlsAcceptor::from(Arc::new(config)), script).await;
    let root = folder.write("root.pem", ca.certificate.pem());
    (server, HttpsClient::load(Some(&root)).unwrap())
}

fn well(_: usize, _: &str) -> Reply {
    Reply::Keep(answer("200 OK", "well"))
}

#[tokio::test]
async fn a_private_ca_is_trusted_by_its_root_only() {
    let folder = Folder::new();
    let (server, client) = trusted(&folder, well).await;
    let url = format!("https://{}/", server.address);
    assert_eq!(client.send(get(&url)).await.unwrap().body(), "well");
    let told = told(&super::client(), &url).await;
    assert!(told.starts_with("no safe connection to"), "{told}");
    assert!(told.contains("UnknownIssuer"), "{told}");
}

/// The same client through a proxy at the address.
fn through(client: &HttpsClient, folder: &Folder, proxy: &str) -> HttpsClient {
    let roots = roots::load(Some(&folder.path("root.pem"))).unwrap();
    let dialer = Dialer::new(roots, Proxy::parse(proxy, "").unwrap()).unwrap();
    HttpsClient {
        dialer: Arc::new(dialer),
        kept: Arc::default(),
        limits: client.limits,
    }
}

#[tokio::test]
async fn a_proxy_is_passed_with_connect() {
    let folder = Folder::new();
    let (server, client) = trusted(&folder, well).await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let relay = tokio::spawn(relay(proxy, server.address));
    let client = through(&client, &folder, &format!("http://me:secret@{address}"));
    let answer = client.send(get("https://ca.test/dir")).await.unwrap();
    assert_eq!(answer.body(), "well");
    drop(client);
    let asked = relay.await.unwrap();
    assert!(
        asked.starts_with("CONNECT ca.test:443 HTTP/1.1\r\nHost: ca.test:443\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"),
        "{asked}"
    );
}

/// A proxy for one connection, which leads to `to` whatever is asked for; gives what was.
async fn relay(listener: tokio::net::TcpListener, to: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
    let (mut near, _) = listener.accept().await.unwrap();
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(near.read_u8().await.unwrap());
    }
    let mut far = tokio::net::TcpStream::connect(to).await.unwrap();
    near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await
        .unwrap();
    // How the end ends a connection is of no interest.
    let _ = copy_bidirectional(&mut near, &mut far).await;
    String::from_utf8(asked).unwrap()
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told() {
    let folder = Folder::new();
    let (_, client) = trusted(&folder, well).await;
    let refusing = [
        (
            answer("407 Proxy Authentication Required", ""),
            "it answered 407",
        ),
        ("SSH-2.0-nothing\r\n\r\n".to_owned(), "does not speak HTTP"),
    ];
    for (bytes, cause) in refusing {
        let proxy = Server::start(move |_, _| Reply::Keep(bytes.clone())).await;
        let client = through(&client, &folder, &proxy.url("/"));
        let told = told(&client, "https://ca.test/dir").await;
        assert!(
            told.contains("HTTPS_PROXY does not lead to ca.test"),
            "{told}"
        );
        assert!(told.contains(cause), "{told}");
    }
}

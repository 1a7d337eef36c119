//! TLS with a private CA, and the tunnel through a proxy.

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::{
    acme::https::tests::*,
    tls::testing::{Folder, TestCa, changed, leaf_params},
};

/// Starts a server for `ca.test` and this machine, with a client that trusts it.
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

fn respond_ok(_: usize, _: &str) -> Reply {
    Reply::Keep(answer("200 OK", "well"))
}

#[tokio::test]
async fn a_private_ca_is_trusted_by_its_root_only() {
    let folder = Folder::new();
    let (server, client) = trusted(&folder, respond_ok).await;
    let url = format!("https://{}/", server.address);
    assert_eq!(client.send(get(&url)).await.unwrap().body(), "well");
    let detail = failure(&super::client(), &url).await;
    assert!(detail.starts_with("no TLS connection to"), "{detail}");
    assert!(detail.contains("UnknownIssuer"), "{detail}");
}

/// Makes the same client through a proxy at the address.
fn through(client: &HttpsClient, folder: &Folder, proxy: &str) -> HttpsClient {
    let roots = roots::load(Some(&folder.path("root.pem"))).unwrap();
    let dialer = Dialer::new(roots, Proxy::parse(proxy, "").unwrap()).unwrap();
    HttpsClient {
        dialer: Arc::new(dialer),
        idle: Arc::default(),
        limits: client.limits,
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_by_connect() {
    let folder = Folder::new();
    let (server, client) = trusted(&folder, respond_ok).await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let relay = tokio::spawn(relay(proxy, server.address));
    let client = through(&client, &folder, &format!("http://me:secret@{address}"));
    let answer = client.send(get("https://ca.test/dir")).await.unwrap();
    assert_eq!(answer.body(), "well");
    drop(client);
    let request = relay.await.unwrap();
    assert!(
        request.starts_with("CONNECT ca.test:443 HTTP/1.1\r\nHost: ca.test:443\r\n"),
        "{request}"
    );
    assert!(
        request.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"),
        "{request}"
    );
}

/// Serves one connection as a proxy to `server`, and returns the CONNECT request.
async fn relay(listener: tokio::net::TcpListener, server: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
    let (mut client, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(client.read_u8().await.unwrap());
    }
    let mut origin = tokio::net::TcpStream::connect(server).await.unwrap();
    client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await
        .unwrap();
    // Either side may reset the connection at the end.
    let _ = copy_bidirectional(&mut client, &mut origin).await;
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn a_refusal_of_the_proxy_is_a_problem() {
    let folder = Folder::new();
    let (_, client) = trusted(&folder, respond_ok).await;
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
        let detail = failure(&client, "https://ca.test/dir").await;
        assert!(
            detail.contains("HTTPS_PROXY does not lead to ca.test"),
            "{detail}"
        );
        assert!(detail.contains(cause), "{detail}");
    }
}

//! Secrets: on disk readable by the owner only, in no log.

use std::{
    fs::{Permissions, create_dir_all, metadata, read, set_permissions, write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use http::Method;

use crate::{
    harness::{ANNA, DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

/// File of the self-signed certificate's key.
const KEY: &str = "certs/self-signed/home.test.pem";

/// Parts of the secrets that [`send_secrets`] sends; none may be printed.
const SECRETS: [&str; 7] = [
    "YW5uYTpzZWNyZXQ",
    "bearer-secret",
    "cookie-secret",
    "query-secret",
    "header-secret",
    "protocol-secret",
    "referer-secret",
];

#[tokio::test]
async fn keys_and_the_control_socket_are_their_owners_alone() {
    let hub = Hub::start().await;
    let gate = self_signed(&hub).start().await;
    let key = gate.folder().join(KEY);
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(key.parent().unwrap()), 0o700);
    let socket = gate.folder().join("certs/control.sock");
    eventually(DEADLINE, "the control socket is there", async || {
        socket.exists()
    })
    .await;
    assert_eq!(mode(&socket), 0o600);
}

#[tokio::test]
async fn a_key_that_others_may_read_is_closed_to_them_at_the_next_start() {
    let hub = Hub::start().await;
    let first = self_signed(&hub).start().await;
    let made = read(first.folder().join(KEY)).unwrap();
    let setup = self_signed(&hub);
    let key = setup.write().join(KEY);
    create_dir_all(key.parent().unwrap()).unwrap();
    write(&key, &made).unwrap();
    open_wide(&key);
    let _gate = setup.start().await;
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(key.parent().unwrap()), 0o700);
    assert_eq!(read(&key).unwrap(), made, "devices have accepted it");
}

#[tokio::test]
async fn an_operators_key_that_others_may_read_is_reported() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let key = setup.write().join("home.key");
    set_permissions(key, Permissions::from_mode(0o644)).unwrap();
    let gate = setup.start().await;
    gate.line_with("too many may read this key (mode 0644)")
        .await;
}

#[tokio::test]
async fn no_secret_of_a_request_is_ever_printed() {
    for format in ["combined", "json"] {
        let mut hub = Hub::start().await;
        let gate = Setup::home(&hub.url())
            .top(&format!("log: {{access: {format}, level: trace}}"))
            .password()
            .start()
            .await;
        send_secrets(&gate).await;
        hub.stop().await;
        send_secrets(&gate).await;
        gate.tls().http2().await.get("/last").await;
        gate.line_with("/last").await;
        let printed = gate.printed();
        for secret in SECRETS {
            assert!(!printed.contains(secret), "{secret}: {printed}");
        }
    }
}

/// Sends secrets in all parts of requests, admitted and refused.
async fn send_secrets(gate: &Hubgate) {
    let target = "/rest?accessToken=query-secret&x=1";
    let secrets = [
        ("cookie", "X-OPENHAB-SESSIONID=cookie-secret"),
        ("x-openhab-token", "oh.header-secret"),
        ("referer", "https://home.test/?access_token=referer-secret"),
        (
            "sec-websocket-protocol",
            "org.openhab.ws.accessToken.base64.protocol-secret, org.openhab.ws.protocol.default",
        ),
    ];
    for credential in [ANNA, "Bearer bearer-secret"] {
        let mut fields = secrets.to_vec();
        fields.push(("authorization", credential));
        for method in [Method::GET, Method::POST] {
            let (mut one, mut two) = (gate.tls().http1().await, gate.tls().http2().await);
            one.exchange(method.clone(), target, &fields, "").await;
            two.exchange(method, target, &fields, "").await;
        }
        let _ = gate.tls().websocket(target, &fields).await;
        let mut clear = gate.clear().http1().await;
        clear.exchange(Method::GET, target, &fields, "").await;
    }
    for request in [
        "GET /?accessToken=query-secret HTTP/1.1\r\nHost: evil.test\r\nCookie: cookie-secret\r\n\r\n",
        "GET /?accessToken=query-secret HTTP/1.1\r\nCookie : cookie-secret\r\n\r\n",
        "GET /?accessToken=query-secret\r\n\r\n",
    ] {
        gate.tls().raw().await.exchange(request).await;
    }
}

fn self_signed(hub: &Hub) -> Setup {
    Setup::home(&hub.url())
        .certificate("self-signed")
        .top("state: certs")
}

/// Modes after a careless copy.
fn open_wide(key: &Path) {
    set_permissions(key, Permissions::from_mode(0o644)).unwrap();
    let folder: PathBuf = key.parent().unwrap().to_owned();
    set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
}

fn mode(path: &Path) -> u32 {
    metadata(path).unwrap().permissions().mode() & 0o777
}

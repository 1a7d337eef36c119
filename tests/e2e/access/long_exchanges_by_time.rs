//! Open exchanges end when their session or certificate expires.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use time::{Duration, OffsetDateTime};

use super::long_exchanges::{OpenExchanges, login, password};
use crate::{
    harness::{ANNA, Authority, HTPASSWD, Hubgate, Setup},
    hub::Hub,
};

/// Long enough to open everything.
const SOON: i64 = 7;

#[tokio::test]
async fn an_expired_session_ends_its_connections() {
    let hub = Hub::start().await;
    let gate = password(&hub, HTPASSWD).await;
    let cookie = login(&gate.tls(), ANNA).await;
    let short = ending_soon(&gate, &cookie);
    let mut ends_soon = OpenExchanges::by(&gate.tls(), &[("cookie", &short)]).await;
    ends_soon.lives(&hub, "before").await;
    let with_password = [("cookie", short.as_str()), ("authorization", ANNA)];
    let mut by_password = OpenExchanges::by(&gate.tls(), &with_password).await;
    let mut goes_on = OpenExchanges::by(&gate.tls(), &[("cookie", &cookie)]).await;
    ends_soon.ends().await;
    goes_on.lives(&hub, "after").await;
    by_password.lives(&hub, "later").await;
}

#[tokio::test]
async fn an_expired_certificate_ends_its_connections() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .client_certificate(&family)
        .start()
        .await;
    let end = OffsetDateTime::now_utc() + Duration::seconds(SOON);
    let short = family.client_with("anna", |certificate| certificate.not_after = end);
    let mut hers = OpenExchanges::by(&gate.tls().showing(short), &[]).await;
    hers.lives(&hub, "before").await;
    let mut his = OpenExchanges::by(&gate.tls().showing(family.client("ben")), &[]).await;
    hers.ends().await;
    his.lives(&hub, "after").await;
}

/// The same session, signed anew by the key of the process with an end in a few seconds: bytes 9
/// to 16 of what is signed.
fn ending_soon(gate: &Hubgate, cookie: &str) -> String {
    let (name, value) = cookie.split_once('=').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
    bytes.truncate(bytes.len() - 32);
    let end = OffsetDateTime::now_utc().unix_timestamp() + SOON;
    bytes[9..17].copy_from_slice(&end.to_be_bytes());
    let key = std::fs::read(gate.folder().join("certs/session.key")).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = hmac::sign(&key, &[b"\x01home.test\0", &bytes[..]].concat());
    bytes.extend(signature.as_ref());
    format!("{name}={}", URL_SAFE_NO_PAD.encode(bytes))
}

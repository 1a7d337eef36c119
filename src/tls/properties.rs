//! Properties of client certificates: only those that the CA signed are valid, and their names fit
//! log lines and header fields.

use std::{
    env, fs, process,
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use http::HeaderValue;
use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    ClientAuth, ClientCa, ClientChain, SystemRoots,
    client_auth::identity,
    x509::{distinguished_name::NameText, subject_alt_names},
};

/// Made by OpenSSL and valid until 2126; the CA's key was deleted.
const CA: &str = include_str!("properties/ca.pem");
const SIGNED: &[u8] = include_bytes!("properties/phone.der");
/// In 2030.
const NOW: Duration = Duration::from_secs(1_900_000_000);

static CLIENT_CA: LazyLock<Arc<ClientCa>> = LazyLock::new(|| {
    let load = || {
        let file = env::temp_dir().join(format!("hubgate-{}.pem", process::id()));
        fs::write(&file, CA)?;
        let roots = Arc::new(SystemRoots::none());
        let loaded = ClientCa::load(file.clone(), None, &[], &roots);
        fs::remove_file(file)?;
        loaded
    };
    let loaded = load().unwrap_or_else(|fault| panic!("the CA cannot be read: {fault:#}"));
    Arc::new(loaded)
});

/// Checks that of any certificates, leaf first and each behind two bytes of its length, only the
/// one that the CA signed is valid.
pub fn client_certificate(bytes: &[u8]) {
    let chain = chain(bytes);
    let now = SystemTime::UNIX_EPOCH + NOW;
    match (ClientAuth::of(&chain, &CLIENT_CA, now), chain.first()) {
        (ClientAuth::Absent, leaf) => assert_eq!(leaf, None),
        (ClientAuth::Valid(identity), Some(leaf)) => {
            assert_eq!(
                &leaf[..],
                SIGNED,
                "{identity:?} is valid, and was not signed"
            );
            assert_eq!(identity.common_name(), Some("Anna's phone"));
        }
        (ClientAuth::Invalid(reason), Some(_)) => assert!(is_line(&reason.to_string())),
        (auth, None) => panic!("no certificate was presented: {auth:?}"),
    }
    if let ClientAuth::Valid(_) = ClientChain::from_handshake(&chain).verdict(&CLIENT_CA) {
        assert_eq!(chain.first().map(|leaf| &leaf[..]), Some(SIGNED));
    }
    for certificate in &chain {
        must_fit_a_line(certificate);
    }
}

fn chain(mut bytes: &[u8]) -> Vec<CertificateDer<'_>> {
    let mut chain = Vec::new();
    while let Some((&length, rest)) = bytes.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(length));
        let (certificate, rest) = rest.split_at(length.min(rest.len()));
        chain.push(CertificateDer::from(certificate));
        bytes = rest;
    }
    chain
}

/// Checks that names and serial number of any certificate fit a log line and a header field.
fn must_fit_a_line(certificate: &CertificateDer<'_>) {
    let serial = identity::unverified_serial(certificate);
    let is_hex = |text: String| text.bytes().all(|digit| digit.is_ascii_hexdigit());
    assert!(serial.is_none_or(is_hex));
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return;
    };
    let subject = NameText(parsed.subject());
    let (subject, common_name) = (
        subject.to_string(),
        subject.common_name().unwrap_or_default(),
    );
    assert!(is_line(&subject) && is_line(&common_name), "{subject:?}");
    assert!(HeaderValue::from_str(&subject).is_ok() || !subject.is_ascii());
    subject_alt_names::subject_alt_names(&parsed);
    assert!(is_line(&super::date(
        parsed.validity().not_after.to_datetime()
    )));
}

fn is_line(text: &str) -> bool {
    !text.contains(char::is_control)
}

//! The certificate a client shows is good only when the CA signed it, and what it says of itself
//! can be written anywhere.

use std::{
    env, fs, process,
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use http::HeaderValue;
use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{ClientAuth, ClientCa, ClientChain, SystemRoots, distinguished_name, hosts, identity};

/// Both were made by openssl and are good to 2126; the CA's key was thrown away.
const CA: &str = include_str!("properties/ca.pem");
const SIGNED: &[u8] = include_bytes!("properties/phone.der");
/// In 2030.
const NOW: Duration = Duration::from_secs(1_900_000_000);

static HOUSE: LazyLock<Arc<ClientCa>> = LazyLock::new(|| {
    let load = || {
        let file = env::temp_dir().join(format!("hubgate-{}.pem", process::id()));
        fs::write(&file, CA)?;
        let roots = Arc::new(SystemRoots::from_certificates(&[]));
        let loaded = ClientCa::load(file.clone(), None, &[], &roots);
        fs::remove_file(file)?;
        loaded
    };
    let loaded = load().unwrap_or_else(|fault| panic!("the CA cannot be read: {fault:#}"));
    Arc::new(loaded)
});

/// Of any certificates that a client shows, leaf first and each behind two bytes of its length,
/// only that which the CA signed is good.
pub fn client_certificate(bytes: &[u8]) {
    let chain = chain(bytes);
    let now = SystemTime::UNIX_EPOCH + NOW;
    match (ClientAuth::of(&chain, &HOUSE, now), chain.first()) {
        (ClientAuth::Absent, leaf) => assert_eq!(leaf, None),
        (ClientAuth::Valid(identity), Some(leaf)) => {
            assert_eq!(
                &leaf[..],
                SIGNED,
                "{identity:?} is good, and was not signed"
            );
            assert_eq!(identity.common_name(), Some("Anna's phone"));
        }
        (ClientAuth::Invalid(reason), Some(_)) => assert!(is_line(&reason.to_string())),
        (judged, None) => panic!("nothing was shown: {judged:?}"),
    }
    if let ClientAuth::Valid(_) = ClientChain::received(&chain).verdict(&HOUSE) {
        assert_eq!(chain.first().map(|leaf| &leaf[..]), Some(SIGNED));
    }
    for certificate in &chain {
        can_be_written(certificate);
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

/// Names and serial number, whoever signed them, fit a log line and a field.
fn can_be_written(certificate: &CertificateDer<'_>) {
    let serial = identity::serial(certificate);
    assert!(serial.is_none_or(|it| it.bytes().all(|it| it.is_ascii_hexdigit())));
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return;
    };
    let subject = distinguished_name::text(parsed.subject());
    let common_name = distinguished_name::common_name(parsed.subject()).unwrap_or_default();
    assert!(is_line(&subject) && is_line(&common_name), "{subject:?}");
    assert!(HeaderValue::from_str(&subject).is_ok() || !subject.is_ascii());
    hosts::named_by(&parsed);
    assert!(is_line(&super::day(
        parsed.validity().not_after.to_datetime()
    )));
}

fn is_line(text: &str) -> bool {
    !text.contains(char::is_control)
}

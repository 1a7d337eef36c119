//! Pins and CAs of upstreams.

use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};

use crate::{
    config::model::Host,
    tls::{client::server_trust::*, server::self_signed::SelfSigned, testing::Folder},
};

/// Generates a certificate of this host, in PEM and DER.
fn certificate(host: &str) -> (String, CertificateDer<'static>) {
    let hosts = [Host::Name(host.to_owned())];
    let generated = SelfSigned::generate(&hosts, time::OffsetDateTime::now_utc()).unwrap();
    let begin = generated.pem.find("-----BEGIN CERTIFICATE").unwrap();
    (generated.pem[begin..].to_owned(), generated.certificate)
}

fn trust(config: &Upstream) -> ServerTrust {
    ServerTrust::load(config, &SystemRoots::none()).unwrap()
}

fn pin(pin: Pin) -> Upstream {
    Upstream {
        pin: Some(pin),
        ..Upstream::default()
    }
}

/// Returns the text of a refusal at a moment, in time since 1970.
fn refusal(
    trust: &ServerTrust,
    leaf: &CertificateDer<'_>,
    host: &str,
    at: Duration,
) -> Option<String> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let at = UnixTime::since_unix_epoch(at);
    let verified = trust.verify_server_cert(leaf, &[], &name, &[], at);
    let error = verified.err()?;
    Some(RefusedCertificate::from_error(&error).unwrap().to_string())
}

const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[test]
fn pin_accepts_only_its_certificate_for_any_name_at_any_time() {
    let folder = Folder::new();
    let (pem, leaf) = certificate("openhab.org");
    let (_, other) = certificate("openhab.org");
    let pem = folder.write("hub.pem", &pem);
    let der = folder.path("hub.der");
    std::fs::write(&der, &leaf).unwrap();
    for config in [Pin::File(pem), Pin::File(der), Pin::Sha256(sha256(&leaf))] {
        let trust = trust(&pin(config));
        for host in ["192.0.2.1", "elsewhere.example"] {
            assert_eq!(refusal(&trust, &leaf, host, FAR), None);
            let refused = refusal(&trust, &other, host, FAR).unwrap();
            assert!(
                refused.contains("not the certificate of `pin`"),
                "{refused}"
            );
        }
    }
}

#[test]
fn refusal_names_cause_subject_and_fingerprint() {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let now = Duration::from_secs(now.try_into().unwrap());
    let folder = Folder::new();
    let (pem, leaf) = certificate("openhab.org");
    let ca = folder.write("ca.pem", &pem);
    let trusting = trust(&Upstream {
        ca: Some(ca),
        ..Upstream::default()
    });
    assert_eq!(refusal(&trusting, &leaf, "openhab.org", now), None);
    let (_, other) = certificate("openhab.org");
    for (leaf, host, at, cause) in [
        (&other, "openhab.org", now, "signature on it is wrong"),
        (
            &leaf,
            "192.0.2.1",
            now,
            "it is for openhab.org, not for 192.0.2.1",
        ),
        (&leaf, "openhab.org", FAR, "it ended on "),
        (
            &leaf,
            "openhab.org",
            Duration::ZERO,
            "it is valid only from ",
        ),
    ] {
        let refused = refusal(&trusting, leaf, host, at).unwrap();
        assert!(refused.contains(cause), "{refused}");
        assert!(refused.contains("CN=openhab.org"), "{refused}");
        let hash = crate::tls::hex("", &sha256(leaf)).to_ascii_lowercase();
        assert!(refused.ends_with(&format!("SHA-256 {hash})")), "{refused}");
    }
    let none = trust(&Upstream::default());
    assert!(refusal(&none, &leaf, "openhab.org", now).is_some());
}

#[test]
fn pin_file_must_have_exactly_one_certificate() {
    let folder = Folder::new();
    let (one, _) = certificate("a.example");
    let (two, _) = certificate("b.example");
    for (text, cause) in [
        ((one + &two).as_str(), "2 certificates in it"),
        ("nothing", "no certificate in it"),
    ] {
        let file = folder.write("hub.pem", text);
        let config = pin(Pin::File(file));
        let fault = ServerTrust::load(&config, &SystemRoots::none());
        let fault = format!("{:#}", fault.unwrap_err());
        assert!(
            fault.contains(cause) && fault.contains("upstream.pin"),
            "{fault}"
        );
    }
}

#[test]
fn pinned_certificate_that_cannot_be_parsed_is_refused() {
    let garbage = CertificateDer::from(b"no certificate".to_vec());
    let trust = trust(&pin(Pin::Sha256(sha256(&garbage))));
    let refused = refusal(&trust, &garbage, "openhab.org", FAR).unwrap();
    assert!(refused.contains("it is damaged"), "{refused}");
}

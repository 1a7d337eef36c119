//! Validity of a session: its lifetime, its subject, and changes to its cookie.

use std::{fs, path::PathBuf};

use proptest::prelude::*;

use super::*;
use crate::tls::testing::{Folder, TestCa, leaf_params};

const NOW: u64 = 2_000_000_000;
const HOUR: u64 = 3600;

/// A key, a site and a password file.
struct Scene {
    _folder: tempfile::TempDir,
    key: Key,
    site: Host,
    file: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users");
        fs::write(&file, "anna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n").unwrap();
        Self {
            _folder: folder,
            key: Key::new(&[7; 32]),
            site: Host::Name("home.example.org".to_owned()),
            file,
        }
    }

    fn at(&self, now: u64) -> Sessions<'_> {
        Sessions {
            key: &self.key,
            site: &self.site,
            lifetime: Duration::from_secs(HOUR),
            now,
        }
    }

    fn passwords(&self) -> Passwords {
        Passwords::load(&self.file).unwrap()
    }

    fn anna(&self) -> SessionSubject {
        let fingerprint = self.passwords().fingerprint("anna").unwrap();
        SessionSubject {
            account: Some(Account {
                user: "anna".to_owned(),
                fingerprint,
            }),
            certificate: None,
        }
    }

    /// Returns the cookie value of a session for Anna that begins now.
    fn value(&self) -> String {
        value_of(&self.at(NOW).renew(None, &self.anna()).unwrap())
    }
}

fn value_of(cookie: &str) -> String {
    let (_, rest) = cookie.split_once('=').unwrap();
    rest.split(';').next().unwrap().to_owned()
}

/// Opens the session of a request with this cookie value.
fn opened<'k>(sessions: Sessions<'k>, value: &str) -> Option<Session<'k>> {
    let cookie = format!("a=1; {}={value}; b=2", cookie::NAME);
    sessions.open(&Fields::from([("Cookie", &*cookie)]))
}

fn is_valid(sessions: Sessions<'_>, value: &str) -> bool {
    opened(sessions, value).is_some()
}

#[test]
fn a_session_restores_its_subject_and_its_cookie_has_every_attribute() {
    let scene = Scene::new();
    let cookie = scene.at(NOW).renew(None, &scene.anna()).unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-hubgate="));
    let expected = "Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax";
    assert_eq!(attributes, expected);
    let session = opened(scene.at(NOW), &scene.value()).unwrap();
    assert_eq!(session.account(&scene.passwords()), scene.anna().account);
    assert_eq!(session.certificate(), None);
}

#[test]
fn a_session_of_another_site_or_key_is_rejected() {
    let (scene, mut other) = (Scene::new(), Scene::new());
    assert!(is_valid(other.at(NOW), &scene.value()));
    other.site = Host::Name("home.example.or".to_owned());
    assert!(!is_valid(other.at(NOW), &scene.value()));
    other.site = Host::Wildcard("home.example.org".to_owned());
    assert!(!is_valid(other.at(NOW), &scene.value()));
    other = Scene::new();
    other.key = Key::new(&[8; 32]);
    assert!(!is_valid(other.at(NOW), &scene.value()));
}

#[test]
fn a_session_is_valid_from_its_start_to_its_end() {
    let scene = Scene::new();
    let value = scene.value();
    for (now, valid) in [
        (NOW, true),
        (NOW + HOUR - 1, true),
        (NOW + HOUR, false),
        (u64::MAX, false),
        (NOW - SKEW, true),
        (NOW - SKEW - 1, false),
        (0, false),
    ] {
        assert_eq!(is_valid(scene.at(now), &value), valid, "{now}");
    }
    let mut shorter = scene.at(NOW + HOUR / 2);
    assert!(is_valid(shorter, &value));
    shorter.lifetime = Duration::from_secs(HOUR / 2);
    assert!(!is_valid(shorter, &value));
}

#[test]
fn a_truncated_extended_or_changed_cookie_is_rejected() {
    let scene = Scene::new();
    let value = scene.value();
    for end in 0..value.len() {
        assert!(!is_valid(scene.at(NOW), &value[..end]), "{end}");
    }
    for more in ["A", "AA", "=", "==", ".", "A".repeat(4000).as_str()] {
        assert!(
            !is_valid(scene.at(NOW), &format!("{value}{more}")),
            "{more}"
        );
    }
    for (place, old) in value.char_indices() {
        let new = if old == 'A' { 'B' } else { 'A' };
        let mut forged = value.clone();
        forged.replace_range(place..=place, &new.to_string());
        assert!(!is_valid(scene.at(NOW), &forged), "{place}");
    }
}

#[test]
fn two_session_cookies_are_rejected() {
    let scene = Scene::new();
    let value = scene.value();
    let cookie = format!("{}={value}", cookie::NAME);
    let fields = Fields::from([("Cookie", &*cookie), ("Cookie", &*cookie)]);
    assert!(scene.at(NOW).open(&fields).is_none());
    let twice = format!("{value}; {}={value}", cookie::NAME);
    assert!(!is_valid(scene.at(NOW), &twice));
}

#[test]
fn a_changed_or_deleted_entry_ends_its_session() {
    let scene = Scene::new();
    let value = scene.value();
    let session = opened(scene.at(NOW), &value).unwrap();
    assert!(session.account(&scene.passwords()).is_some());
    let elsewhere = scene.file.with_file_name("others");
    fs::copy(&scene.file, &elsewhere).unwrap();
    assert_eq!(session.account(&Passwords::load(&elsewhere).unwrap()), None);
    for entry in [
        "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "ben:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
    ] {
        fs::write(&scene.file, entry).unwrap();
        assert_eq!(session.account(&scene.passwords()), None, "{entry}");
    }
}

#[test]
fn a_session_is_renewed_after_half_its_lifetime_or_for_another_subject() {
    let scene = Scene::new();
    let value = scene.value();
    let (anna, unknown) = (scene.anna(), SessionSubject::default());
    let mut ben = anna.clone();
    ben.account.as_mut().unwrap().user = "ben".to_owned();
    for (now, subject, renews) in [
        (NOW, &anna, false),
        (NOW + HOUR / 2, &anna, false),
        (NOW + HOUR / 2 + 1, &anna, true),
        (NOW, &ben, true),
        (NOW + HOUR / 2 + 1, &unknown, false),
    ] {
        let current = opened(scene.at(now), &value);
        let renewed = scene.at(now).renew(current.as_ref(), subject);
        assert_eq!(renewed.is_some(), renews, "{now} {subject:?}");
    }
    assert!(scene.at(NOW).renew(None, &unknown).is_none());
    let mut long = anna;
    long.account.as_mut().unwrap().user = "x".repeat(256);
    assert!(scene.at(NOW).renew(None, &long).is_none());
}

#[test]
fn the_longest_user_name_fits_into_the_cookie() {
    let scene = Scene::new();
    let mut subject = scene.anna();
    subject.account.as_mut().unwrap().user = "x".repeat(255);
    subject.certificate = certified(NOW + HOUR).certificate;
    let cookie = scene.at(NOW).renew(None, &subject).unwrap();
    assert!(is_valid(scene.at(NOW), &value_of(&cookie)));
    assert!(cookie.len() < 1024);
}

#[test]
fn a_session_never_outlives_its_certificate() {
    let scene = Scene::new();
    let subject = certified(NOW + 600);
    let cookie = scene.at(NOW).renew(None, &subject).unwrap();
    assert!(cookie.contains("; Max-Age=600;"), "{cookie}");
    let value = value_of(&cookie);
    assert!(is_valid(scene.at(NOW + 599), &value) && !is_valid(scene.at(NOW + 600), &value));
    let current = opened(scene.at(NOW + 500), &value);
    assert_eq!(
        current.as_ref().unwrap().certificate(),
        Some(&subject.certificate.as_ref().unwrap().key())
    );
    assert_eq!(scene.at(NOW + 500).renew(current.as_ref(), &subject), None);
    assert_eq!(scene.at(NOW + 600).renew(None, &subject), None);
}

/// Returns a subject with a certificate that expires at `end`.
fn certified(end: u64) -> SessionSubject {
    let (ca, folder) = (TestCa::new("Home CA"), Folder::new());
    let mut params = leaf_params("Anna's phone");
    params.not_after = time::OffsetDateTime::from_unix_timestamp(end.cast_signed()).unwrap();
    let chain = ca.issue_with(params).chain;
    let now = std::time::SystemTime::now();
    SessionSubject {
        account: None,
        certificate: Some(ca.client_ca(&folder).validate(&chain, now).unwrap()),
    }
}

proptest! {
    #[test]
    fn random_text_is_no_session(text in "[A-Za-z0-9_-]{0,700}") {
        prop_assert!(!is_valid(Scene::new().at(NOW), &text));
    }

    #[test]
    fn random_bytes_are_no_session(bytes in proptest::collection::vec(32..=255_u8, 0..900)) {
        let mut field = format!("{}=", cookie::NAME).into_bytes();
        field.extend(bytes);
        let mut fields = Fields::default();
        fields.push(crate::fields::Field::new(b"cookie", &field));
        prop_assert!(Scene::new().at(NOW).open(&fields).is_none());
    }
}

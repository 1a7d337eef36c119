use std::{fs, os::unix::fs::PermissionsExt};

use time::Duration;

use crate::devices::registry::ca_store::*;

/// A state folder with a client CA.
struct Home {
    state: tempfile::TempDir,
    folder: ClientCaStore,
}

impl Home {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let folder = ClientCaStore::new(state.path());
        assert_eq!(folder.prepare().unwrap(), [""; 0]);
        Self { state, folder }
    }

    fn issue(&self, name: &str, renew: bool) -> anyhow::Result<Issued> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let name = Name::parse(name).unwrap();
        let request = CertificateRequest {
            name,
            days: 30,
            renew,
        };
        self.folder.issue(&request, &key)
    }

    fn revoke(&self, name: &str) -> anyhow::Result<()> {
        self.folder.revoke(&[Name::parse(name).unwrap()])
    }

    /// The serial numbers on the list.
    fn revoked(&self) -> Vec<Vec<u8>> {
        let list = fs::read_to_string(self.folder.list()).unwrap();
        let revoked = Revocations::parse(&list).into_iter();
        revoked.map(|revoked| revoked.serial).collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.state.path().join("clients").join(name)
    }
}

#[test]
fn the_ca_is_generated_once_and_readable_by_its_owner_only() {
    let home = Home::new();
    let generated = fs::read(home.file("ca.pem")).unwrap();
    fs::set_permissions(home.file("ca.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(home.folder.prepare().unwrap(), [""; 0]);
    assert_eq!(fs::read(home.file("ca.pem")).unwrap(), generated);
    let mode = |file: &str| fs::metadata(home.file(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ca.pem"), mode("")), (0o600, 0o700));
}

#[test]
fn a_taken_name_is_refused_until_it_is_revoked() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    let fault = home.issue("Anna", false).unwrap_err().to_string();
    assert!(fault.contains("a client named \"Anna\" already"), "{fault}");
    home.revoke("Anna").unwrap();
    home.issue("Anna", false).unwrap();
}

#[test]
fn a_revocation_stays_on_the_list_without_the_registry() {
    let home = Home::new();
    let anna = home.issue("Anna", false).unwrap().client;
    home.issue("Ben", false).unwrap();
    assert!(home.revoked().is_empty());
    home.revoke("Anna").unwrap();
    let serial = anna.serial_bytes().unwrap();
    assert_eq!(home.revoked(), std::slice::from_ref(&serial));
    fs::remove_file(home.file("register.json")).unwrap();
    home.issue("Cleo", false).unwrap();
    home.revoke("Cleo").unwrap();
    assert_eq!(home.revoked().len(), 2);
    assert_eq!(home.revoked()[0], serial);
}

#[test]
fn a_revocation_of_the_list_applies_before_the_registry_has_it() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    let before = fs::read(home.file("register.json")).unwrap();
    home.revoke("Anna").unwrap();
    fs::write(home.file("register.json"), before).unwrap();
    let register = home.folder.register().unwrap();
    assert!(register.certificates()[0].revoked.is_some());
    home.issue("Anna", false).unwrap();
}

#[test]
fn a_lost_list_is_signed_again_from_the_registry() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    home.revoke("Anna").unwrap();
    for damage in ["", "damaged"] {
        fs::write(home.file("ca.crl"), damage).unwrap();
        assert_eq!(home.folder.prepare().unwrap(), [""; 0]);
        assert_eq!(home.revoked().len(), 1);
    }
    fs::remove_file(home.file("ca.crl")).unwrap();
    home.folder.prepare().unwrap();
    assert_eq!(home.revoked().len(), 1);
}

#[test]
fn a_renewal_revokes_the_old_certificate_when_it_is_used() {
    let home = Home::new();
    assert!(home.issue("Anna", true).is_err());
    let old = home.issue("Anna", false).unwrap().client;
    let new = home.issue("Anna", true).unwrap().client;
    assert_eq!(new.replaces.as_ref(), Some(&old.serial));
    assert!(home.revoked().is_empty());
    home.folder.replace(&new.serial).unwrap();
    assert_eq!(home.revoked(), [old.serial_bytes().unwrap()]);
}

#[test]
fn a_lost_ca_is_reported_and_not_replaced() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    fs::remove_file(home.file("ca.pem")).unwrap();
    let fault = format!("{:#}", home.folder.prepare().unwrap_err());
    assert!(
        fault.contains("the client CA is missing") && fault.contains("client import"),
        "{fault}"
    );
    assert!(home.issue("Ben", false).is_err());
}

#[test]
fn without_the_key_certificates_are_verified_but_not_issued() {
    let home = Home::new();
    let pem = fs::read_to_string(home.file("ca.pem")).unwrap();
    let at = pem.find("-----BEGIN CERTIFICATE").unwrap();
    fs::write(home.file("ca.pem"), &pem[at..]).unwrap();
    let faults = home.folder.prepare().unwrap();
    assert!(faults[0].contains("no private key in it"), "{faults:?}");
    assert!(home.issue("Anna", false).is_err());
}

#[test]
fn a_damaged_registry_is_reported_with_place_and_remedy() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    fs::write(home.file("register.json"), "{\"clients\": [").unwrap();
    let faults = home.folder.prepare().unwrap();
    assert!(faults[0].contains("register.json: damaged"), "{faults:?}");
    let fault = home.issue("Ben", false).unwrap_err().to_string();
    assert!(fault.contains("client import"), "{fault}");
}

#[test]
fn a_failed_write_issues_no_certificate() {
    let home = Home::new();
    // A folder in the file's place stops root, too, which ignores modes.
    fs::create_dir(home.file("register.json.d")).unwrap();
    let held = home.file(&format!("register.json.{}.new", std::process::id()));
    fs::create_dir(&held).unwrap();
    let fault = format!("{:#}", home.issue("Anna", false).unwrap_err());
    assert!(
        fault.contains("register.json: cannot be written"),
        "{fault}"
    );
    assert!(home.folder.register().unwrap().certificates().is_empty());
    fs::remove_dir(held).unwrap();
    home.issue("Anna", false).unwrap();
}

#[test]
fn a_backup_restores_ca_registry_and_revocations_elsewhere() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    home.issue("Ben", false).unwrap();
    home.revoke("Anna").unwrap();
    let backup = home.folder.export("correct horse").unwrap();
    let state = tempfile::tempdir().unwrap();
    let elsewhere = ClientCaStore::new(state.path());
    elsewhere.import(&backup, "correct horse", false).unwrap();
    assert_eq!(
        elsewhere.register().unwrap(),
        home.folder.register().unwrap()
    );
    assert_eq!(elsewhere.prepare().unwrap(), [""; 0]);
    let list = fs::read_to_string(elsewhere.list()).unwrap();
    assert_eq!(Revocations::parse(&list).len(), 1);
}

#[test]
fn another_ca_is_moved_aside_only_with_replace() {
    let (home, other) = (Home::new(), Home::new());
    other.issue("Anna", false).unwrap();
    let backup = home.folder.export("correct horse").unwrap();
    let fault = other
        .folder
        .import(&backup, "correct horse", false)
        .unwrap_err();
    assert!(fault.to_string().contains("--replace"), "{fault}");
    assert_eq!(other.folder.register().unwrap().certificates().len(), 1);
    let before = fs::read(other.file("ca.pem")).unwrap();
    for _ in 0..2 {
        other.folder.import(&backup, "correct horse", true).unwrap();
        let aside = other.state.path().join("clients.replaced/ca.pem");
        assert_eq!(fs::read(aside).unwrap(), before);
    }
    assert!(other.folder.register().unwrap().certificates().is_empty());
    assert_eq!(other.folder.prepare().unwrap(), [""; 0]);
}

#[test]
fn an_old_backup_of_the_same_ca_keeps_later_revocations() {
    let home = Home::new();
    home.issue("Anna", false).unwrap();
    let backup = home.folder.export("correct horse").unwrap();
    home.revoke("Anna").unwrap();
    home.folder.import(&backup, "correct horse", false).unwrap();
    assert_eq!(home.revoked().len(), 1);
    let now = OffsetDateTime::now_utc() + Duration::seconds(1);
    assert!(!home.folder.register().unwrap().certificates()[0].is_valid(now));
}

//! A device's files, read by foreign programs: OpenSSL, NSS, Java, Python's `plistlib`.
//!
//! Phones are not available in a test; these programs read by the same rules. Missing programs skip
//! a test as in `real_hub`.

mod made;

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use self::made::{COPY_PASSWORD, DeviceFiles, Fixture};
use crate::{acme::program::has_programs, harness::foreign};

const WRONG: &str = "aaaaa-aaaaa-aaaaa";

/// Encrypted parts and their algorithms; iOS before 18 and Android before 14 open no others.
const LEGACY: [&str; 7] = [
    "MAC: sha1, Iteration 2048",
    "MAC length: 20, salt length: 8",
    "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048",
    "Certificate bag",
    "Certificate bag",
    "PKCS7 Data",
    "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048",
];
const MODERN: [&str; 7] = [
    "MAC: sha256, Iteration 100000",
    "MAC length: 32, salt length: 8",
    "PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256",
    "Certificate bag",
    "Certificate bag",
    "PKCS7 Data",
    "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256",
];

/// A property list as JSON, with what is binary in Base64.
const PLIST_TO_JSON: &str = "\
import base64, json, plistlib, sys
with open(sys.argv[1], 'rb') as file:
    profile = plistlib.load(file)
json.dump(profile, sys.stdout, default=lambda data: base64.b64encode(data).decode())
";

#[tokio::test]
async fn openssl_finds_the_algorithms_that_phones_take() {
    let fixture = Fixture::open().await;
    for made in &fixture.made {
        made.must_have_its_algorithms();
        let refused = made.openssl(WRONG, &["-noout"]);
        assert_ne!(refused.status, Some(0), "{made}");
        assert!(refused.stderr.contains("Mac verify error"), "{made}");
    }
}

#[tokio::test]
async fn openssl_reads_the_name_and_matches_key_and_certificate() {
    let fixture = Fixture::open().await;
    for made in &fixture.made {
        let (leaf_file, leaf) = made.part("leaf", &["-clcerts", "-nokeys"]);
        let (key_file, key) = made.part("key", &["-nocerts", "-nodes"]);
        let (ca_file, ca) = made.part("ca", &["-cacerts", "-nokeys"]);
        for name in ["friendlyName", "localKeyID"] {
            assert_eq!(attribute(&leaf, name), attribute(&key, name), "{made}");
            assert_eq!(attribute(&ca, name), None, "{made}");
        }
        assert_eq!(attribute(&leaf, "friendlyName"), Some(low_bytes(made.name)));
        let id = attribute(&leaf, "localKeyID").unwrap();
        assert_eq!(id.split(' ').count(), 20, "{made}: {id}");
        let certified = ["x509", "-noout", "-pubkey", "-in", &leaf_file];
        let held = ["pkey", "-pubout", "-in", &key_file];
        assert_eq!(openssl(&certified), openssl(&held), "{made}");
        let for_clients = ["verify", "-purpose", "sslclient", "-CAfile", &ca_file];
        openssl(&[&for_clients[..], &[&leaf_file]].concat());
    }
}

#[tokio::test]
async fn firefoxs_library_takes_key_and_certificate() {
    if !has_programs(&["certutil", "pk12util"]) {
        return;
    }
    let fixture = Fixture::open().await;
    for made in &fixture.made {
        let store = format!("sql:{}", made.folder());
        foreign("certutil", &["-N", "-d", &store, "--empty-password"]).succeeded();
        let import = |password| {
            let file = ["-i", &made.file, "-d", &store, "-W", password];
            foreign("pk12util", &file)
        };
        let refused = import(WRONG);
        assert!(refused.stderr.contains("SEC_ERROR_BAD_PASSWORD"), "{made}");
        import(&made.password).succeeded();
        let listed = foreign("certutil", &["-L", "-d", &store]).succeeded();
        let usable = |line: &str| line.starts_with(made.name) && line.ends_with("u,u,u");
        assert!(listed.lines().any(usable), "{made}: {listed}");
        let keys = foreign("certutil", &["-K", "-d", &store]).succeeded();
        let fits = |line: &str| line.contains(made.key) && line.ends_with(made.name);
        assert!(keys.lines().any(fits), "{made}: {keys}");
    }
}

#[tokio::test]
async fn java_finds_one_key_with_its_chain_and_opens_it() {
    if !has_programs(&["keytool"]) {
        return;
    }
    let fixture = Fixture::open().await;
    for made in &fixture.made {
        let listed = made.java_list();
        for part in [
            "Your keystore contains 1 entry",
            &format!("Alias name: {}\n", made.name.to_lowercase()),
            "Entry type: PrivateKeyEntry",
            "Certificate chain length: 2",
            &format!("Owner: CN={}, O=hubgate\n", made.name),
        ] {
            assert!(listed.contains(part), "{made}: no {part:?} in {listed}");
        }
        // A list is made without the key; a copy is not.
        let copy = DeviceFiles {
            file: made.java_copy(),
            password: COPY_PASSWORD.to_owned(),
            is_modern: true,
            ..*made
        };
        let (_, key) = copy.part("copied", &["-nocerts", "-nodes"]);
        assert!(key.contains("PRIVATE KEY"), "{made}");
    }
}

#[tokio::test]
async fn a_profile_is_a_property_list_with_the_file_and_its_password() {
    if !has_programs(&["python3"]) {
        return;
    }
    let fixture = Fixture::open().await;
    for made in &fixture.made {
        let profile = made.file.replace(".p12", ".mobileconfig");
        let json = foreign("python3", &["-c", PLIST_TO_JSON, &profile]).succeeded();
        let profile: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(profile["PayloadType"], "Configuration");
        let name = profile["PayloadDisplayName"].as_str().unwrap();
        assert_eq!(name, format!("{} (home.test)", made.name));
        let payloads = profile["PayloadContent"].as_array().unwrap();
        let [identity] = &payloads[..] else {
            panic!("{made}: {json}");
        };
        assert_eq!(identity["PayloadType"], "com.apple.security.pkcs12");
        assert_eq!(identity["PayloadDisplayName"], made.name);
        assert_ne!(identity["PayloadUUID"], profile["PayloadUUID"]);
        for payload in [&profile, identity] {
            assert_eq!(payload["PayloadVersion"], 1);
        }
        made.must_hold_the_same_as(&made.embedded(identity));
    }
}

impl DeviceFiles {
    fn must_have_its_algorithms(&self) {
        let read = self.openssl(&self.password, &["-info", "-noout"]);
        let algorithms: Vec<_> = read.stderr.lines().collect();
        let expected = if self.is_modern { MODERN } else { LEGACY };
        assert_eq!(algorithms, expected, "{self}");
    }

    fn must_hold_the_same_as(&self, other: &Self) {
        other.must_have_its_algorithms();
        for what in [["-clcerts", "-nokeys"], ["-nocerts", "-nodes"]] {
            let part = |of: &Self| of.part("part", &what).1;
            assert_eq!(part(other), part(self), "{self}");
        }
    }

    /// The file in a profile, with the profile's password.
    fn embedded(&self, identity: &Value) -> Self {
        let text = |key: &str| identity[key].as_str().unwrap().to_owned();
        let file = format!("{}/embedded.p12", self.folder());
        fs::write(&file, STANDARD.decode(text("PayloadContent")).unwrap()).unwrap();
        let password = text("Password");
        Self {
            file,
            password,
            ..*self
        }
    }
}

fn openssl(arguments: &[&str]) -> String {
    foreign("openssl", arguments).succeeded()
}

/// The value of a bag's attribute; none without it.
fn attribute(bag: &str, name: &str) -> Option<String> {
    let start = format!("    {name}: ");
    let mut values = bag.lines().filter_map(|line| line.strip_prefix(&start));
    let value = values.next().map(|value| value.trim_end().to_owned());
    assert_eq!(values.next(), None, "one {name} only: {bag}");
    value
}

/// A name as OpenSSL prints it: of each UTF-16 unit the low byte.
fn low_bytes(name: &str) -> String {
    let units = name.encode_utf16();
    let bytes: Vec<_> = units.map(|unit| unit.to_be_bytes()[1]).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

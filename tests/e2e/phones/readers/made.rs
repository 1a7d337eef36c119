//! The files of devices of every kind, made without an invitation.

use std::{fmt, fs};

use crate::{
    harness::{CommandOutput, Hubgate, foreign},
    hub::Hub,
    phones::fixture::setup,
};

/// A plain name, one outside Unicode's first plane, and one from right to left.
const NAMES: [&str; 3] = ["Anna's phone", "Ben 📱", "הטלפון של אמא"];

/// The password of Java's copies.
pub(super) const COPY_PASSWORD: &str = "another";

/// Files, which go with it.
pub(super) struct Fixture {
    gate: Hubgate,
    /// One for each name, kind of key and encryption.
    pub(super) made: Vec<DeviceFiles>,
}

/// The files of one device.
pub(super) struct DeviceFiles {
    /// The device.
    pub(super) name: &'static str,
    /// The kind of its key.
    pub(super) key: &'static str,
    /// True if encrypted for new phones.
    pub(super) is_modern: bool,
    /// The path of the PKCS#12 file.
    pub(super) file: String,
    /// The password of the PKCS#12 file.
    pub(super) password: String,
}

impl Fixture {
    /// Makes all files, by one CA.
    pub(super) async fn open() -> Self {
        let hub = Hub::start().await;
        let mut gate = setup(&hub, "").start().await;
        gate.terminate();
        gate.ended().await;
        let mut fixture = Self {
            gate,
            made: Vec::new(),
        };
        for name in NAMES {
            for (key, is_modern) in [("rsa", false), ("rsa", true), ("ec", false), ("ec", true)] {
                fixture.make(name, key, is_modern);
            }
        }
        fixture
    }

    /// A device gets its first certificate, and then others.
    fn make(&mut self, name: &'static str, key: &'static str, is_modern: bool) {
        let is_known = self.made.iter().any(|made| made.name == name);
        let command = if is_known { "renew" } else { "add" };
        let folder = format!("files-{}", self.made.len());
        let mut arguments = vec!["client", command, name, "--out", &folder, "--key", key];
        arguments.extend(is_modern.then_some("--modern"));
        let output = self.gate.command(&arguments).succeeded();
        let mut lines = output.lines();
        let password = lines.find_map(|line| line.strip_prefix("password  "));
        let (file, _) = output.split_once(".p12 ").unwrap();
        let file = self.gate.folder().join(format!("{file}.p12"));
        self.made.push(DeviceFiles {
            name,
            key,
            is_modern,
            file: file.to_str().unwrap().to_owned(),
            password: password.unwrap().to_owned(),
        });
    }
}

impl DeviceFiles {
    /// The folder of the files.
    pub(super) fn folder(&self) -> &str {
        self.file.rsplit_once('/').unwrap().0
    }

    /// Returns OpenSSL's output for the file with this password.
    pub(super) fn openssl(&self, password: &str, what: &[&str]) -> CommandOutput {
        let password = format!("pass:{password}");
        let mut arguments = vec!["pkcs12", "-in", &self.file, "-passin", &password];
        arguments.extend((!self.is_modern).then_some("-legacy"));
        arguments.extend(what);
        foreign("openssl", &arguments)
    }

    /// Extracts a part of the file by OpenSSL; returns its path and its text.
    pub(super) fn part(&self, name: &str, what: &[&str]) -> (String, String) {
        let text = self.openssl(&self.password, what).succeeded();
        let path = format!("{}/{name}.pem", self.folder());
        fs::write(&path, &text).unwrap();
        (path, text)
    }

    /// Returns Java's listing of the file.
    pub(super) fn java_list(&self) -> String {
        let keystore = ["-keystore", &self.file, "-storepass", &self.password];
        keytool(&[&["-list", "-v"], &keystore[..]].concat())
    }

    /// Lets Java open the key and encrypt it anew; the path of the copy.
    pub(super) fn java_copy(&self) -> String {
        let copy = format!("{}/copy.p12", self.folder());
        let from = ["-srckeystore", &self.file, "-srcstorepass", &self.password];
        let to = ["-destkeystore", &copy, "-deststorepass", COPY_PASSWORD];
        keytool(&[&["-importkeystore"], &from[..], &to].concat());
        copy
    }
}

impl fmt::Display for DeviceFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let age = if self.is_modern { "modern" } else { "legacy" };
        write!(f, "{}, {}, {age}", self.name, self.key)
    }
}

fn keytool(arguments: &[&str]) -> String {
    foreign("keytool", &[&["-J-Duser.language=en"], arguments].concat()).succeeded()
}

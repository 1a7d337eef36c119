//! acme2certifier: an independent implementation of renewal information (RFC 9773).
//!
//! It validates on the ports 80 and 443 only, so validation is switched off.

#[cfg(test)]
mod tests;

use std::{fmt::Write, fs, path::Path, process::Command};

use super::program::Program;
use crate::{
    harness::{Authority, Port},
    real_hub::skip,
};

/// Python with acme2certifier, as scripts/test installs it.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/test-tools/python/bin/python"
);

/// The script that serves acme2certifier over HTTPS.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/acme/serve.py");

/// A running acme2certifier.
pub struct Acme2Certifier {
    _program: Program,
    port: Port,
    server_root: Authority,
    root: Authority,
}

/// Settings of acme2certifier before it starts.
pub struct Options {
    /// Lifetime of certificates in days.
    pub days: u32,
    /// Suggests immediate renewal of every certificate.
    pub renew: bool,
    /// The `Retry-After` of renewal information, in seconds.
    pub renewal_pause: u32,
    /// The names of the profiles it offers.
    pub profiles: Vec<&'static str>,
    /// The only accepted external account: key identifier, and HMAC key in base64url.
    pub external_account: Option<(&'static str, &'static str)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            days: 30,
            renew: false,
            renewal_pause: 3,
            profiles: Vec::new(),
            external_account: None,
        }
    }
}

impl Options {
    fn config(&self) -> String {
        let Self {
            days,
            renew,
            renewal_pause,
            ..
        } = self;
        let mut config = CONFIG.to_owned();
        let _ = write!(
            config,
            "cert_validity_days: {days}\n[Renewalinfo]\nrenewal_force: {renew}\n\
             retry_after_timeout: {renewal_pause}\n"
        );
        if !self.profiles.is_empty() {
            let profiles = self
                .profiles
                .iter()
                .map(|name| ((*name).to_owned(), "".into()));
            let profiles: serde_json::Map<_, _> = profiles.collect();
            let profiles = serde_json::Value::from(profiles);
            let _ = writeln!(config, "[Order]\nprofiles: {profiles}");
        }
        if self.external_account.is_some() {
            config += EXTERNAL_ACCOUNTS;
        }
        config
    }
}

impl Acme2Certifier {
    /// Starts acme2certifier; none where it is not installed.
    pub async fn start(options: Options) -> Option<Self> {
        if !Path::new(PYTHON).exists() {
            skip("acme2certifier");
            return None;
        }
        let (root, server_root) = (Authority::new("a2c"), Authority::new("root of the server"));
        let leaf = server_root.server(&["127.0.0.1", "localhost"]);
        let (kid, key) = options.external_account.unwrap_or_default();
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("acme_srv.cfg", options.config()),
            ("accounts.json", format!("{{\"{kid}\": \"{key}\"}}")),
            ("ca.pem", root.pem()),
            ("ca.key", root.key_pem()),
            ("ca.crl", root.revoking(&[])),
            ("server.pem", leaf.chain_pem),
            ("server.key", leaf.key_pem),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let port = Port::keep();
        let mut command = Command::new(PYTHON);
        command
            .args([SERVER, &port.number().to_string()])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("ACME_SRV_CONFIGFILE", "acme_srv.cfg")
            .env("ACME2CERTIFIER_BASE_DIR", folder.path())
            // Otherwise it validates challenges all the same.
            .env("ACME2CERTIFIER_I_KNOW_THE_RISK", "1");
        Some(Self {
            _program: Program::start(command, folder, &[port.address()]).await,
            port,
            server_root,
            root,
        })
    }

    /// The URL of the directory, for `acme: {directory: …}`.
    pub fn directory(&self) -> String {
        format!("https://{}/directory", self.port.address())
    }

    /// The root of its own server as PEM, for `acme: {root: …}`.
    pub fn ca_pem(&self) -> String {
        self.server_root.pem()
    }

    /// The root under which it issues, as PEM.
    pub fn root(&self) -> String {
        self.root.pem()
    }
}

/// The fixed configuration; its last section, `[CAhandler]`, continues with the days.
const CONFIG: &str = "[DEFAULT]
debug: False
[DBhandler]
handler_module: acme2certifier.dbhandlers.wsgi_handler
dbfile: acme.db
[Challenge]
challenge_validation_disable: True
[Account]
contact_check_disable: True
[Directory]
tos_url: https://127.0.0.1/terms
[CAhandler]
handler_module: acme2certifier.cahandlers.openssl_ca_handler
issuing_ca_key: ca.key
issuing_ca_cert: ca.pem
issuing_ca_crl: ca.crl
cert_save_path: .
";

/// External accounts in a file.
const EXTERNAL_ACCOUNTS: &str = "[EABhandler]
eab_handler_module: acme2certifier.eabhandlers.json_handler
key_file: accounts.json
";

//! Pebble, the CA that Let's Encrypt made for tests.

#[cfg(test)]
mod tests;

use std::{fs, net::SocketAddr, process::Command, time::Duration};

use serde_json::{Value, json};

use super::{
    challtestsrv::Challtestsrv,
    program::{Program, has_programs},
};
use crate::harness::{Authority, Client, Port};

/// A running Pebble with a DNS of its own.
pub struct Pebble {
    _program: Program,
    /// The DNS server of Pebble.
    pub dns: Challtestsrv,
    server_root: Authority,
    port: Port,
    management: Port,
}

/// Settings of Pebble before it starts.
pub struct Options {
    /// Port of http-01 validation, in place of 80.
    pub http: u16,
    /// Port of tls-alpn-01 validation, in place of 443.
    pub tls: u16,
    /// Lifetime of certificates, in whole seconds.
    pub life: Duration,
    /// Percentage of valid nonces that Pebble refuses.
    pub refused_nonces: u8,
    /// Percentage of authorizations that Pebble reuses.
    pub reused_authorizations: u8,
    /// The only accepted external account: key identifier, and HMAC key in base64url.
    pub external_account: Option<(&'static str, &'static str)>,
    /// The DNS server to query, in place of its own.
    pub dns: Option<SocketAddr>,
    /// Names for which it issues nothing.
    pub blocked: Vec<&'static str>,
}

impl Options {
    /// Settings with these validation ports and no faults.
    pub fn new(http: u16, tls: u16) -> Self {
        Self {
            http,
            tls,
            life: Duration::from_secs(90 * 24 * 3600),
            refused_nonces: 0,
            reused_authorizations: 0,
            external_account: None,
            dns: None,
            blocked: Vec::new(),
        }
    }

    fn config(&self, listen: &Port, management: &Port) -> Value {
        let (kid, key) = self.external_account.unwrap_or_default();
        let bound = self.external_account.is_some();
        json!({"pebble": {
            "listenAddress": listen.address().to_string(),
            "managementListenAddress": management.address().to_string(),
            "certificate": "server.pem",
            "privateKey": "server.key",
            "httpPort": self.http,
            "tlsPort": self.tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": bound,
            "externalAccountMACKeys": if bound { json!({kid: key}) } else { json!({}) },
            "domainBlocklist": self.blocked,
            "certificateValidityPeriod": self.life.as_secs(),
        }})
    }
}

impl Pebble {
    /// Starts Pebble; none where it is not installed.
    pub async fn start(options: Options) -> Option<Self> {
        if !has_programs(&["pebble"]) {
            return None;
        }
        let dns = Challtestsrv::start().await?;
        let asked = options.dns.unwrap_or(dns.address());
        let (port, management) = (Port::keep(), Port::keep());
        let server_root = Authority::new("root of Pebble's own server");
        let leaf = server_root.server(&["localhost", "127.0.0.1"]);
        let folder = tempfile::tempdir().unwrap();
        let config = options.config(&port, &management).to_string();
        fs::write(folder.path().join("pebble.json"), config).unwrap();
        fs::write(folder.path().join("server.pem"), &leaf.chain_pem).unwrap();
        fs::write(folder.path().join("server.key"), &leaf.key_pem).unwrap();
        let mut command = Command::new("pebble");
        command
            .args(["-config", "pebble.json", "-strict=false"])
            .args(["-dnsserver", &asked.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", options.refused_nonces.to_string())
            .env(
                "PEBBLE_AUTHZREUSE",
                options.reused_authorizations.to_string(),
            );
        let listening = [port.address(), management.address()];
        Some(Self {
            _program: Program::start(command, folder, &listening).await,
            dns,
            server_root,
            port,
            management,
        })
    }

    /// The URL of the directory, for `acme: {directory: …}`.
    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.port.address())
    }

    /// The root of Pebble's own server as PEM, for `acme: {root: …}`.
    pub fn ca_pem(&self) -> String {
        self.server_root.pem()
    }

    /// The root under which it issues, as PEM.
    pub async fn root(&self) -> String {
        self.managed("/roots/0").await.1
    }

    /// Returns true if the certificate with this serial number in hexadecimal is revoked; none if
    /// Pebble does not know it.
    pub async fn is_revoked(&self, serial: &str) -> Option<bool> {
        let target = format!("/cert-status-by-serial/{}", serial.to_lowercase());
        let (status, body) = self.managed(&target).await;
        let body: Value = serde_json::from_str(&body).ok().filter(|_| status == 200)?;
        Some(body["Status"] == "Revoked")
    }

    async fn managed(&self, target: &str) -> (u16, String) {
        let root = self.server_root.certificate();
        let client = Client::tls(self.management.address(), root).name("localhost");
        let answer = client.http1().await.get(target).await;
        (answer.status, answer.text().into_owned())
    }
}

//! pebble-challtestsrv: the DNS of the tests, in which every name is 127.0.0.1.

use std::{net::SocketAddr, process::Command};

use serde_json::{Value, json};

use super::program::{Program, has_programs};
use crate::harness::{Client, Port};

/// A running DNS server with records that a test can change.
pub struct Challtestsrv {
    _program: Program,
    dns: Port,
    management: Port,
}

impl Challtestsrv {
    /// Starts one; none where it is not installed.
    pub async fn start() -> Option<Self> {
        if !has_programs(&["pebble-challtestsrv"]) {
            return None;
        }
        let (dns, management) = (Port::keep(), Port::keep());
        let mut command = Command::new("pebble-challtestsrv");
        command
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-dns01", &dns.address().to_string()])
            .args(["-management", &management.address().to_string()]);
        let folder = tempfile::tempdir().unwrap();
        let listening = [dns.address(), management.address()];
        Some(Self {
            _program: Program::start(command, folder, &listening).await,
            dns,
            management,
        })
    }

    /// The address of the DNS server, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.dns.address()
    }

    /// Adds a TXT record.
    pub async fn add_text(&self, host: &str, value: &str) {
        self.post("set-txt", &json!({"host": full(host), "value": value}))
            .await;
    }

    /// Removes all TXT records of the host.
    pub async fn clear_text(&self, host: &str) {
        self.post("clear-txt", &json!({"host": full(host)})).await;
    }

    /// Gives the host these IPv4 addresses.
    pub async fn add_ipv4(&self, host: &str, addresses: &[&str]) {
        let record = json!({"host": full(host), "addresses": addresses});
        self.post("add-a", &record).await;
    }

    /// Gives the host these IPv6 addresses.
    pub async fn add_ipv6(&self, host: &str, addresses: &[&str]) {
        let record = json!({"host": full(host), "addresses": addresses});
        self.post("add-aaaa", &record).await;
    }

    /// Makes the host an alias.
    pub async fn add_alias(&self, host: &str, target: &str) {
        let record = json!({"host": full(host), "target": full(target)});
        self.post("set-cname", &record).await;
    }

    /// Answers everything about the host with SERVFAIL.
    pub async fn fail(&self, host: &str) {
        self.post("set-servfail", &json!({"host": full(host)}))
            .await;
    }

    /// Returns challtestsrv's record of the queries for the host.
    pub async fn history(&self, host: &str) -> Vec<Value> {
        // Kept without the last dot, unlike everything else.
        let host = json!({"host": host});
        let queries = self.post("dns-request-history", &host).await;
        serde_json::from_str(&queries).unwrap_or_default()
    }

    async fn post(&self, action: &str, record: &Value) -> String {
        let mut client = Client::clear(self.management.address()).http1().await;
        let target = format!("/{action}");
        let body = record.to_string();
        let answer = client
            .exchange(http::Method::POST, &target, &[], &body)
            .await;
        assert_eq!(answer.status, 200, "{action} {body}: {}", answer.text());
        answer.text().into_owned()
    }
}

fn full(host: &str) -> String {
    format!("{}.", host.trim_end_matches('.'))
}

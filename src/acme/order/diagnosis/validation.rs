//! The diagnosis of a failed validation, from the CA's words and the validation requests.

use std::net::IpAddr;

use super::Diagnosis;
use crate::{acme::problem::Cause, config::model::ChallengeKind};

impl Diagnosis<'_> {
    pub(super) fn validation(&self) -> String {
        self.dns_fault()
            .or_else(|| self.seen_from_one_network_only())
            .unwrap_or_else(|| match self.requests {
                [] => self.without_requests(),
                _ => self.with_requests(),
            })
    }

    fn dns_fault(&self) -> Option<String> {
        if self.problem.cause == Some(Cause::Caa) {
            return Some(self.caa_forbids());
        }
        if self.says(&["txt"]) || self.challenge == Some(ChallengeKind::Dns01) {
            return Some(self.txt_fault());
        }
        if self.says(&[
            "servfail",
            "dnssec",
            "query timed out",
            "refused looking up",
            "caa",
        ]) {
            return Some(self.name_servers_fail());
        }
        self.says(&[
            "nxdomain",
            "no valid a",
            "no valid ip",
            "no such host",
            "no ip addresses",
        ])
        .then(|| {
            format!(
                "the DNS knows no address of {}; create an A record, or check the dynamic DNS \
                 client of the router",
                self.name()
            )
        })
    }

    fn txt_fault(&self) -> String {
        let name = self.name();
        if self.says(&["incorrect", "correct value not found"]) {
            return format!(
                "_acme-challenge.{name} has a TXT record that is not hubgate's; remove the \
                 records of earlier clients, and check that all name servers of the zone agree"
            );
        }
        if self.says(&["servfail", "dnssec", "timed out"]) {
            return self.name_servers_fail();
        }
        format!(
            "the CA found no TXT record at _acme-challenge.{name}; check that the provider's \
             token is for this zone, and that its name servers are those of the domain"
        )
    }

    fn name_servers_fail(&self) -> String {
        format!(
            "the name servers of {} do not answer the CA correctly; check DNSSEC and the DNS \
             provider's own status",
            self.name()
        )
    }

    /// Diagnoses a secondary validation, which CAs start after the first one has succeeded.
    fn seen_from_one_network_only(&self) -> Option<String> {
        self.says(&["secondary validation"]).then(|| {
            format!(
                "the CA could validate from one network but not from others; remove the block of \
                 countries or networks on port {}, or use dns-01",
                self.port()
            )
        })
    }

    fn without_requests(&self) -> String {
        let (name, port, at) = (self.name(), self.port(), self.at_address());
        if self.is_about_other_server() {
            return self.other_server();
        }
        if self.address().is_some_and(|address| address.is_ipv6()) {
            return format!(
                "the CA used IPv6{at}, and nothing arrived here; open port {port} for IPv6 in the \
                 router, or remove the AAAA record of {name}"
            );
        }
        if self.says(&["refused", "reset"]) {
            return format!(
                "the CA's connection was refused{at}, and nothing arrived here; forward port \
                 {port} in the router to this machine, and check that this is your address"
            );
        }
        format!(
            "the CA got no answer{at}, and nothing arrived here; forward port {port} in the \
             router to this machine; if it is, the provider blocks it or shares the address \
             (CGNAT): use dns-01"
        )
    }

    fn with_requests(&self) -> String {
        let (name, port, at) = (self.name(), self.port(), self.at_address());
        let mut requests = self.requests.iter();
        let over_ipv4 = requests.all(|request| request.peer.to_canonical().is_ipv4());
        if over_ipv4 && self.address().is_some_and(|address| address.is_ipv6()) {
            return format!(
                "the CA's request arrived over IPv4 only, and IPv6 leads elsewhere{at}; correct \
                 the AAAA record of {name}, or remove it"
            );
        }
        if !self.requests.iter().any(|request| request.answered) {
            return format!(
                "the CA's request arrived, but for an unknown challenge; check if another program \
                 gets certificates for {name} too, and stop one of them"
            );
        }
        if self.is_about_other_server() {
            return format!(
                "hubgate answered correctly, but the CA received another answer{at}; another \
                 machine or a CDN answers for {name} too: leave one address in the DNS, or pass \
                 port {port} through unchanged"
            );
        }
        format!(
            "the CA's request arrived, but the answer did not reach the CA{at}; check port {port} \
             for a firewall that inspects traffic, a VPN, or too large an MTU"
        )
    }

    /// Returns true if the CA received an answer of another server.
    fn is_about_other_server(&self) -> bool {
        self.says(&[
            "invalid response",
            "did not match",
            "non-200 status",
            "negotiate alpn",
            "application protocol",
            "incorrect validation certificate",
            "redirect",
        ])
    }

    fn other_server(&self) -> String {
        let (name, port, at) = (self.name(), self.port(), self.at_address());
        if port == 443 {
            return format!(
                "another TLS server answers for {name}{at}, and nothing arrived here; let the \
                 device in front pass port 443 through undecrypted, or use http-01 or dns-01"
            );
        }
        format!(
            "another web server answers for {name}{at}, and nothing arrived here; point the name \
             to your address, and forward port {port} to this machine, not to the router's own \
             pages"
        )
    }

    /// Returns the port that the CA connects to for the challenge.
    fn port(&self) -> u16 {
        match self.challenge {
            Some(ChallengeKind::TlsAlpn01) => 443,
            _ => 80,
        }
    }

    /// Returns the address that the CA connected to, if its words contain one.
    fn address(&self) -> Option<IpAddr> {
        let address = |word: &str| {
            let word = word.strip_suffix(':').unwrap_or(word);
            let word = word.strip_prefix('[').unwrap_or(word);
            word.split(']').next()?.parse().ok()
        };
        self.problem.detail.split_whitespace().find_map(address)
    }

    fn at_address(&self) -> String {
        self.address()
            .map_or_else(String::new, |address| format!(" at {address}"))
    }
}

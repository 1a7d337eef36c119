//! Why a CA did not see the proof: its words beside our own hits.

use std::net::IpAddr;

use super::{Hit, forbidden, name, says};
use crate::{
    acme::problem::{Cause, Problem},
    config::model::ChallengeKind,
};

/// What is known of one failed validation.
struct Case<'a> {
    name: String,
    cause: Option<Cause>,
    /// The CA's words.
    words: &'a str,
    /// The port the CA came to, or would have.
    port: u16,
    hits: &'a [Hit],
}

/// Why the CA did not see the proof, and what a person can do about it.
pub(super) fn diagnose(
    problem: &Problem,
    challenge: Option<ChallengeKind>,
    hits: &[Hit],
) -> String {
    let case = Case {
        name: name(problem),
        cause: problem.cause,
        words: &problem.detail,
        port: if challenge == Some(ChallengeKind::TlsAlpn01) {
            443
        } else {
            80
        },
        hits,
    };
    case.dns_fault(challenge)
        .or_else(|| case.seen_from_one_place_only())
        .unwrap_or_else(|| match hits {
            [] => case.nobody_came(),
            _ => case.somebody_came(),
        })
}

impl Case<'_> {
    fn dns_fault(&self, challenge: Option<ChallengeKind>) -> Option<String> {
        let name = &self.name;
        if self.cause == Some(Cause::Caa) {
            return Some(forbidden(name));
        }
        if self.says(&["txt"]) || challenge == Some(ChallengeKind::Dns01) {
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
                "the DNS knows no address of {name}; create an A record, or check the \
                     dynamic DNS client of the router"
            )
        })
    }

    fn txt_fault(&self) -> String {
        let name = &self.name;
        if self.says(&["incorrect", "correct value not found"]) {
            return format!(
                "_acme-challenge.{name} holds another TXT record than ours; remove what an \
                 earlier client left there, and look whether all name servers of the zone agree"
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
            "the name servers of {} do not answer the CA as they should; check DNSSEC and the \
             DNS provider's own status",
            self.name
        )
    }

    /// The first place has seen the proof already when the others are asked.
    fn seen_from_one_place_only(&self) -> Option<String> {
        self.says(&["secondary validation"]).then(|| {
            format!(
                "the CA saw the proof from one place but not from others in the world; take away \
                 whatever lets only some countries or networks in on port {}, or use dns-01",
                self.port
            )
        })
    }

    fn nobody_came(&self) -> String {
        let (name, port, at) = (&self.name, self.port, self.at_address());
        if self.is_about_other_server() {
            return self.other_server();
        }
        if self.address().is_some_and(|address| address.is_ipv6()) {
            return format!(
                "the CA went{at} over IPv6, and nothing arrived here; open port {port} for IPv6 \
                 in the router, or remove the AAAA record of {name}"
            );
        }
        if self.says(&["refused", "reset"]) {
            return format!(
                "the CA was turned away{at}, and nothing arrived here; forward port {port} in the \
                 router to this machine, and check that this is your address"
            );
        }
        format!(
            "the CA got no answer{at}, and nothing arrived here; forward port {port} in the \
             router to this machine, and if it is, the provider blocks it or shares the address \
             (CGNAT): use dns-01"
        )
    }

    fn somebody_came(&self) -> String {
        let (name, port, at) = (&self.name, self.port, self.at_address());
        let over_ipv4 = self
            .hits
            .iter()
            .all(|hit| hit.peer.to_canonical().is_ipv4());
        if over_ipv4 && self.address().is_some_and(|address| address.is_ipv6()) {
            return format!(
                "the CA arrived over IPv4 only, and IPv6 leads elsewhere{at}; correct the AAAA \
                 record of {name}, or remove it"
            );
        }
        if !self.hits.iter().any(|hit| hit.answered) {
            return format!(
                "the CA arrived, but for a challenge that is not ours; look whether another \
                 program gets certificates for {name} too, and stop one of them"
            );
        }
        if self.is_about_other_server() {
            return format!(
                "we gave the right answer, and yet the CA saw another{at}; another machine or a \
                 CDN answers for {name} too: leave one address in the DNS, or pass port {port} \
                 through unchanged"
            );
        }
        format!(
            "the CA arrived and our answer did not reach it{at}; check what stands between on \
             port {port}: a firewall that inspects, a VPN, or too large an MTU"
        )
    }

    /// Whether the CA got an answer that was not ours.
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
        let (name, port, at) = (&self.name, self.port, self.at_address());
        if port == 443 {
            return format!(
                "another TLS server answers for {name}{at}, and nothing arrived here; let what \
                 stands in front pass port 443 through unopened, or use http-01 or dns-01"
            );
        }
        format!(
            "another web server answers for {name}{at}, and nothing arrived here; let the name \
             point to your address, and forward port {port} to this machine, not to the router's \
             own pages"
        )
    }

    /// The address the CA went to, if it says so.
    fn address(&self) -> Option<IpAddr> {
        let address = |word: &str| {
            let word = word.strip_suffix(':').unwrap_or(word);
            let word = word.strip_prefix('[').unwrap_or(word);
            word.split(']').next()?.parse().ok()
        };
        self.words.split_whitespace().find_map(address)
    }

    fn at_address(&self) -> String {
        self.address()
            .map_or_else(String::new, |address| format!(" at {address}"))
    }

    fn says(&self, words: &[&str]) -> bool {
        says(self.words, words)
    }
}

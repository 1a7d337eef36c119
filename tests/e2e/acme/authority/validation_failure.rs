//! Failed validations, in Let's Encrypt's words.

use serde_json::Value;

use super::{response::problem, validation::Kind};

/// Result of a validation request without a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationFailure {
    /// No process listens on the port.
    Refused,
    /// No response arrives.
    TimeOut,
    /// No response arrives from an IPv6 address.
    TimeOutOverIpv6,
    /// The name does not exist.
    NoName,
    /// The name servers fail.
    NameServersFail,
    /// Another machine answers.
    Stranger,
    /// The first place sees the proof, another place of the world does not.
    SecondaryTimeOut,
    /// The name's CAA record names other CAs.
    Caa,
}

impl ValidationFailure {
    /// The problem of the challenge.
    pub(super) fn problem(self, kind: Kind, name: &str, token: &str) -> Value {
        let from = from(kind, name, token);
        match self {
            Self::Refused => connection(&format!("203.0.113.7: {from}Connection refused")),
            Self::TimeOut => connection(&format!("203.0.113.7: {from}{TIME_OUT}")),
            Self::TimeOutOverIpv6 => connection(&format!("2001:db8::7: {from}{TIME_OUT}")),
            Self::SecondaryTimeOut => connection(&format!(
                "During secondary validation: 203.0.113.7: {from}{TIME_OUT}"
            )),
            Self::NoName => problem(400, "dns", &no_name(name)),
            Self::NameServersFail => problem(400, "dns", &servers_fail(kind, name)),
            Self::Stranger => problem(403, "unauthorized", &stranger(kind, name, token)),
            Self::Caa => {
                let detail = format!("CAA record for {name} prevents issuance");
                problem(403, "caa", &detail)
            }
        }
    }
}

fn connection(detail: &str) -> Value {
    problem(400, "connection", detail)
}

fn from(kind: Kind, name: &str, token: &str) -> String {
    match kind {
        Kind::Http01 => format!("Fetching http://{name}/.well-known/acme-challenge/{token}: "),
        _ => String::new(),
    }
}

fn no_name(name: &str) -> String {
    let of = |kind: &str| {
        format!(
            "DNS problem: NXDOMAIN looking up {kind} for {name} - check that a DNS record exists \
             for this domain"
        )
    };
    format!("{}; {}", of("A"), of("AAAA"))
}

fn servers_fail(kind: Kind, name: &str) -> String {
    let asked = match kind {
        Kind::Dns01 => format!("TXT for _acme-challenge.{name}"),
        _ => format!("A for {name}"),
    };
    format!(
        "DNS problem: SERVFAIL looking up {asked} - the domain's nameservers may be malfunctioning"
    )
}

/// Describes the response of a foreign machine.
pub(super) fn stranger(kind: Kind, name: &str, token: &str) -> String {
    match kind {
        Kind::Http01 => format!(
            "203.0.113.7: Invalid response from \
             http://{name}/.well-known/acme-challenge/{token}: 404"
        ),
        Kind::TlsAlpn01 => "203.0.113.7: Cannot negotiate ALPN protocol \"acme-tls/1\" for \
            tls-alpn-01 challenge"
            .to_owned(),
        Kind::Dns01 => format!("Incorrect TXT record \"old\" found at _acme-challenge.{name}"),
    }
}

const TIME_OUT: &str = "Timeout during connect (likely firewall problem)";

//! The events, each with the time at which it happened.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::{factors::Factors, reason::Reason};

/// An event with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Time of the event (RFC 3339).
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

/// An event. Texts of clients are bounded and not escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A person, device or address was let in, for the first time within half an hour.
    Entry(Entry),
    /// Requests got no response of a hub.
    Refusal(Refusal),
    /// A person or device was let in for the first time, or from a new network.
    Newcomer(Newcomer),
    /// A password was wrong.
    PasswordFailed {
        /// The user that was sent.
        user: String,
        /// Address of the client.
        address: IpAddr,
        /// Host of the request.
        host: String,
    },
    /// A password was not verified, since too many before it were wrong.
    BackOff {
        /// The user that was sent.
        user: String,
        /// Address of the client.
        address: IpAddr,
    },
    /// A certificate of a CA was issued, or its order has failed.
    Certificate {
        /// First host of the certificate.
        name: String,
        /// The step.
        step: CertificateStep,
    },
    /// A hub accepts connections again, or no more.
    Hub {
        /// The server, as configured.
        server: String,
        /// True if it accepts connections.
        up: bool,
    },
    /// The configuration was loaded again, or has faults.
    Reload {
        /// The faults; none if the new configuration is in use.
        fault: Option<String>,
    },
    /// Another process has taken over.
    HandOver {
        /// Id of the new process.
        process: u32,
    },
    /// Connections were refused or closed at a limit.
    Limit {
        /// Key of the limit in `proxy.yaml`.
        limit: String,
        /// Number of connections since the last event of the limit.
        connections: u64,
    },
    /// The certificate of a device was revoked.
    Revocation {
        /// Name of the device.
        device: String,
    },
    /// The process has started.
    Start {
        /// Version of the program.
        version: String,
    },
}

impl Event {
    /// Reports whether `hubgate log` shows the event.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        matches!(self, Self::Entry(_) | Self::Refusal(_))
    }
}

/// A step of a certificate of a CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStep {
    /// A new certificate is served until this time.
    Issued(#[serde(with = "rfc3339")] OffsetDateTime),
    /// An order has failed, for this reason.
    Failed(String),
    /// The renewal is late by the schedule.
    Overdue,
}

/// Visitors that were let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Site of the request.
    pub site: String,
    /// User of the password or session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Name in the client certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Address of the client; none with `history: {addresses: off}` and once it is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Factors that the client holds.
    #[serde(with = "factor_names")]
    pub factors: Factors,
    /// `User-Agent` of the client.
    pub agent: String,
}

/// Requests of one client that got no response of a hub, for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Site of the request, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Address of the client; none with `history: {addresses: off}` and once it is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The reason.
    pub reason: Reason,
    /// The cause in words, where the reason has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Status of the response.
    pub status: u16,
    /// Host, method and path of the last request.
    pub host: String,
    /// Method of the last request.
    pub method: String,
    /// Path of the last request, without its query.
    pub path: String,
    /// `User-Agent` of the last request.
    pub agent: String,
    /// Number of requests.
    pub times: u32,
    /// Time of the first one (RFC 3339).
    #[serde(with = "rfc3339")]
    pub first: OffsetDateTime,
}

/// A person or device that was let in for the first time, or from a new network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    /// Kind of the visitor.
    pub kind: Kind,
    /// Name of the person or device.
    pub name: String,
    /// True if it was seen before, from other networks.
    pub is_known: bool,
    /// Address of the client.
    pub address: IpAddr,
    /// Site of the request.
    pub site: String,
}

/// Kind of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A user with a password.
    Person,
    /// A client certificate.
    Device,
    /// An address, of a client without name.
    Address,
}

mod factor_names {
    //! Factors as a list of names joined by `+`.

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::events::factors::Factors;

    pub(super) fn serialize<S: Serializer>(factors: &Factors, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(factors.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Factors, D::Error> {
        let name = String::deserialize(from)?;
        let mut sets = (0..Factors::SETS).map(Factors::from_number);
        let found = sets.find(|factors| factors.name() == name);
        found.ok_or_else(|| D::Error::custom("unknown factors"))
    }
}

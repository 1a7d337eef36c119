//! Dynamic updates of a name server (RFC 2136), signed with TSIG (RFC 8945).
//!
//! Queries are signed too, because a server can select its view by the key, and every successful
//! response must be signed with the same key. An update adds or deletes one value and leaves the
//! others of the name unchanged.

use std::{io, net::SocketAddr, time::Duration};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use hickory_proto::{
    op::{Message, OpCode, Query, ResponseCode},
    rr::{
        DNSClass, Name, RData, Record as DnsRecord, RecordType, TSigner,
        rdata::{
            TXT,
            tsig::{TsigAlgorithm, TsigError},
        },
    },
};
use time::OffsetDateTime;
use tokio::net::lookup_host;

use super::{
    Record,
    answer::Answer,
    exchange::{Exchange, query},
    zone,
};
use crate::acme::problem::Problem;

/// Time for each attempt of an exchange.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

/// The permitted difference of the clocks of both sides, in seconds (RFC 8945, 10).
const FUDGE: u16 = 300;

/// The record's time to live, in seconds.
const TTL: u32 = 60;

/// A TSIG key: a secret shared with the name server.
pub struct Key {
    /// The key's name at the server.
    pub name: String,
    /// The algorithm of the signatures.
    pub algorithm: Algorithm,
    /// The secret, in Base64.
    pub secret: String,
}

/// The supported algorithms of TSIG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`.
    HmacSha256,
    /// `hmac-sha384`.
    HmacSha384,
    /// `hmac-sha512`.
    HmacSha512,
}

impl From<Algorithm> for TsigAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::HmacSha256 => Self::HmacSha256,
            Algorithm::HmacSha384 => Self::HmacSha384,
            Algorithm::HmacSha512 => Self::HmacSha512,
        }
    }
}

/// A name server that accepts signed updates.
pub struct Rfc2136 {
    server: String,
    signer: TSigner,
}

impl Rfc2136 {
    /// Uses the name server at `HOST:PORT`; each exchange looks up the host again.
    ///
    /// # Errors
    /// A name of the key that is not a domain name, or a secret that is not Base64.
    pub fn new(server: impl Into<String>, key: &Key) -> anyhow::Result<Self> {
        let name = Name::from_ascii(&key.name)
            .with_context(|| format!("the TSIG key's name {} is not a domain name", key.name))?;
        let secret = STANDARD.decode(key.secret.trim()).ok();
        let secret =
            secret.with_context(|| format!("the secret of the TSIG key {name} is not Base64"))?;
        Ok(Self {
            server: server.into(),
            signer: TSigner::new(secret, key.algorithm.into(), name, FUDGE)?,
        })
    }

    pub(super) async fn present(&self, record: &Record) -> Result<(), Problem> {
        self.update(record, DNSClass::IN, TTL).await
    }

    pub(super) async fn cleanup(&self, record: &Record) -> Result<(), Problem> {
        // Class NONE deletes the record with this value alone (RFC 2136, 2.5.4).
        self.update(record, DNSClass::NONE, 0).await
    }

    async fn update(&self, record: &Record, class: DNSClass, ttl: u32) -> Result<(), Problem> {
        let name = Name::from_ascii(&record.fqdn).map_err(|error| {
            Problem::provider(format!("{} is not a domain name: {error}", record.fqdn))
        })?;
        let zone = self.zone(&name).await?;
        let data = RData::TXT(TXT::new(vec![record.value.clone()]));
        let mut change = DnsRecord::from_rdata(name.clone(), ttl, data);
        change.dns_class = class;
        let mut message = Message::query();
        message.metadata.op_code = OpCode::Update;
        message
            .add_query(Query::query(zone, RecordType::SOA))
            .add_authority(change);
        self.exchange(message, &name).await.map(drop)
    }

    /// Finds the zone of a name at the server.
    async fn zone(&self, name: &Name) -> Result<Name, Problem> {
        for candidate in zone::candidates(name) {
            let query = query(&candidate, RecordType::SOA);
            let answer = self.exchange(query, name).await?;
            if let Some(zone) = answer.zone_of(&candidate) {
                return Ok(zone);
            }
        }
        let server = &self.server;
        Err(Problem::provider(format!(
            "the name server {server} has no zone of {name}; configure the zone's primary server"
        )))
    }

    /// Signs and sends a message about `name`, and verifies the response.
    async fn exchange(&self, mut message: Message, name: &Name) -> Result<Answer, Problem> {
        let now = OffsetDateTime::now_utc().unix_timestamp().cast_unsigned();
        let verifier = message.finalize(&self.signer, now);
        let verifier = verifier.map_err(|error| self.fault(&error))?;
        let answer = self.send(&message).await;
        let answer = answer.map_err(|error| self.fault(&error))?;
        let code = answer.message.response_code;
        let is_absent = message.op_code == OpCode::Query && code == ResponseCode::NXDomain;
        if code != ResponseCode::NoError && !is_absent {
            let refusal = self.refusal(&answer.message, name, now);
            return Err(Problem::provider(refusal));
        }
        let verified = verifier.map(|mut verifier| verifier.verify(&answer.bytes));
        match verified {
            Some(Ok(_)) => Ok(answer),
            Some(Err(error)) => Err(self.fault(&format!(
                "the signature of its response is invalid: {error}"
            ))),
            None => Err(self.fault(&"the signature of its response cannot be verified")),
        }
    }

    /// Sends a message to the first address of the server that responds.
    async fn send(&self, message: &Message) -> io::Result<Answer> {
        let addresses: Vec<SocketAddr> = lookup_host(&self.server).await?.collect();
        let mut last = io::Error::other("the host has no address");
        for address in addresses {
            let exchange = Exchange::new(address, message, ATTEMPT_LIMIT);
            match exchange.answer().await {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn fault(&self, cause: &dyn std::fmt::Display) -> Problem {
        Problem::provider(format!("the name server {}: {cause}", self.server))
    }

    /// Explains a response without success, with the cure.
    fn refusal(&self, answer: &Message, name: &Name, now: u64) -> String {
        let (server, key) = (&self.server, self.signer.signer_name());
        let signature = answer.signature().map(|record| &record.data);
        match (answer.response_code, signature.and_then(|tsig| tsig.error)) {
            (_, Some(TsigError::BadKey)) => format!(
                "the name server {server} does not know the TSIG key {key} with {}; \
                 compare the key's name and algorithm with the server's",
                self.signer.algorithm()
            ),
            (_, Some(TsigError::BadSig)) => format!(
                "the name server {server} has another secret for the TSIG key {key}; copy it again"
            ),
            (_, Some(TsigError::BadTime)) => format!(
                "the clocks of this machine and of the name server {server} differ{}; \
                 synchronize both",
                signature.map_or_else(String::new, |tsig| clock_difference(&tsig.other, now))
            ),
            (ResponseCode::Refused, _) => format!(
                "the name server {server} refuses the request; check that it has the zone of \
                 {name}, and let the TSIG key {key} update the TXT records of that name"
            ),
            (ResponseCode::NotAuth, _) => format!(
                "the name server {server} accepts no updates of the zone of {name}; \
                 configure the zone's primary server"
            ),
            (ResponseCode::NotZone, _) => {
                format!("{name} is outside the zone that the name server {server} reported for it")
            }
            (ResponseCode::ServFail, _) => {
                format!("the name server {server} reports an internal failure; see its log")
            }
            (code, _) => format!("the name server {server} answers: {code}"),
        }
    }
}

/// Formats the difference of the clocks, by the server's time in the error (RFC 8945, 5.2.3).
fn clock_difference(server: &[u8], now: u64) -> String {
    let Ok(server) = <[u8; 6]>::try_from(server) else {
        return String::new();
    };
    let server = server
        .iter()
        .fold(0, |time, byte| time << 8 | u64::from(*byte));
    format!(" by {} s", server.abs_diff(now))
}

#[cfg(test)]
mod tests;

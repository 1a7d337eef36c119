//! Dynamic updates of a name server of one's own (RFC 2136), signed with TSIG (RFC 8945).
//!
//! Every message to the server is signed, because a server may choose by the key what it shows,
//! and every good answer must be signed with the same key. One value is added or deleted; the
//! others of the name are not looked at.

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
    exchange::{Reply, ask, question},
    fault, zone,
};
use crate::acme::problem::Problem;

/// How long each try of an exchange may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the clocks of both sides may differ, in seconds (RFC 8945, 10).
const FUDGE: u16 = 300;

/// The life of the record in caches, in seconds.
const TTL: u32 = 60;

/// A secret shared with the name server.
pub struct Key {
    /// Its name there.
    pub name: String,
    /// What is computed with it.
    pub algorithm: Algorithm,
    /// The secret, in Base64.
    pub secret: String,
}

/// The algorithms of TSIG that are worth having.
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

/// A name server that takes signed updates.
pub struct Rfc2136 {
    server: String,
    signer: TSigner,
}

impl Rfc2136 {
    /// The name server at `HOST:PORT`, looked up again each time.
    ///
    /// # Errors
    /// When the key's name is no domain name or its secret no Base64.
    pub fn new(server: impl Into<String>, key: &Key) -> anyhow::Result<Self> {
        let name = Name::from_ascii(&key.name)
            .with_context(|| format!("the TSIG key's name {} is no domain name", key.name))?;
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
        // Class NONE deletes the one record that has this value (RFC 2136, 2.5.4).
        self.update(record, DNSClass::NONE, 0).await
    }

    async fn update(&self, record: &Record, class: DNSClass, ttl: u32) -> Result<(), Problem> {
        let name = Name::from_ascii(&record.fqdn)
            .map_err(|error| fault(format!("{}: no domain name: {error}", record.fqdn)))?;
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

    async fn zone(&self, name: &Name) -> Result<Name, Problem> {
        for candidate in zone::candidates(name) {
            let question = question(&candidate, RecordType::SOA);
            let answer = self.exchange(question, name).await?;
            if let Some(zone) = zone::told(&answer, &candidate) {
                return Ok(zone);
            }
        }
        let server = &self.server;
        Err(fault(format!(
            "the name server {server} has no zone with {name}; name the server that has it"
        )))
    }

    /// Sends a message about `name`, signed, and checks what comes back.
    async fn exchange(&self, mut message: Message, name: &Name) -> Result<Message, Problem> {
        let now = OffsetDateTime::now_utc().unix_timestamp().cast_unsigned();
        let verifier = message.finalize(&self.signer, now);
        let verifier = verifier.map_err(|error| self.fault(&error))?;
        let reply = self
            .ask(&message)
            .await
            .map_err(|error| self.fault(&error))?;
        let code = reply.message.response_code;
        let is_absent = message.op_code == OpCode::Query && code == ResponseCode::NXDomain;
        if code != ResponseCode::NoError && !is_absent {
            return Err(fault(self.refusal(&reply.message, name, now)));
        }
        let verified = verifier.map(|mut verifier| verifier.verify(&reply.bytes));
        match verified {
            Some(Ok(_)) => Ok(reply.message),
            Some(Err(error)) => Err(self.fault(&format!("its answer is not signed well: {error}"))),
            None => Err(self.fault(&"its answer cannot be checked")),
        }
    }

    async fn ask(&self, message: &Message) -> io::Result<Reply> {
        let addresses: Vec<SocketAddr> = lookup_host(&self.server).await?.collect();
        let mut last = io::Error::other("it has no address");
        for address in addresses {
            match ask(address, message, PATIENCE).await {
                Ok(reply) => return Ok(reply),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn fault(&self, cause: &dyn std::fmt::Display) -> Problem {
        fault(format!("the name server {}: {cause}", self.server))
    }

    /// What an answer without success means.
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
                "the clock of this machine and that of the name server {server} differ{}; \
                 set both right",
                signature.map_or_else(String::new, |tsig| difference(&tsig.other, now))
            ),
            (ResponseCode::Refused, _) => format!(
                "the name server {server} refuses; check that it has the zone of {name}, \
                 and let the TSIG key {key} update the TXT records of that name"
            ),
            (ResponseCode::NotAuth, _) => format!(
                "the name server {server} takes no updates of the zone of {name}; \
                 name the zone's primary server"
            ),
            (ResponseCode::NotZone, _) => {
                format!("{name} is outside the zone that the name server {server} keeps it in")
            }
            (ResponseCode::ServFail, _) => {
                format!("the name server {server} has a fault of its own; its log says which")
            }
            (code, _) => format!("the name server {server} answers: {code}"),
        }
    }
}

/// How far apart the clocks are, by the server's time in the error (RFC 8945, 5.2.3).
fn difference(server: &[u8], now: u64) -> String {
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

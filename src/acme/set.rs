//! A certificate set: what it is of, its key and its chain, in one text that cannot be torn.
//!
//! The text is PEM that other programs read too; what it is of stands in front, as one line of
//! JSON, where PEM allows a comment (RFC 7468, 2). Validity and chain are judged by `tls`.

use anyhow::{Context, bail};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tracing::warn;

use super::{
    identifiers,
    private_key::PrivateKey,
    problem::{Class, Problem},
    store::{Entry, Fault, Kind, Store},
};
use crate::{
    config::model::Host,
    tls::{Certified, SystemRoots},
};

/// A certificate with its key and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSet {
    /// Where it came from, and for what.
    pub meta: Meta,
    /// The key of the certificate.
    pub key: PrivateKey,
    /// The certificate first, then its issuers, in PEM.
    pub chain_pem: String,
}

/// Where a certificate came from, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// What was ordered.
    #[serde(with = "identifiers")]
    pub identifiers: Vec<Host>,
    /// The URL of the CA's directory.
    pub directory: String,
    /// The URL of the account at the CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When it was downloaded, by our clock.
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    /// What the CA's renewal information calls it (RFC 9773, 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_id: Option<String>,
}

/// The first line of the text: a disk that lost or changed a part of the rest is noticed.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(flatten)]
    meta: Meta,
    sha256: String,
}

/// How far our clock may be behind the CA's before its certificates count as not yet valid.
const CLOCK_SKEW: Duration = Duration::minutes(5);
/// What begins the key and each certificate.
const BEGIN: &str = "-----BEGIN ";
const BEGIN_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

impl CertificateSet {
    /// The newest set of that name that can be served; damaged ones are set aside.
    ///
    /// # Errors
    /// What is there cannot be read, or is damaged and cannot be set aside.
    pub fn load(store: &dyn Store, name: &str) -> Result<Option<Self>, Fault> {
        let entry = Entry::new(Kind::Certificate, name);
        while let Some(bytes) = store.read(&entry)? {
            match Self::servable(&bytes) {
                Ok(set) => return Ok(Some(set)),
                Err(fault) => {
                    let place = store.set_aside(&entry, &bytes)?;
                    warn!("certificate {name}: {fault:#}; {place}, and the one before is taken");
                }
            }
        }
        Ok(None)
    }

    /// The newest content of an entry, if it can be served; nothing is set aside.
    pub(super) fn read(store: &dyn Store, entry: &Entry) -> Option<Self> {
        let bytes = store.read(entry).ok()??;
        Self::servable(&bytes).ok()
    }

    /// Keeps the set as the newest of that name.
    ///
    /// # Errors
    /// It could not be kept; the old one stays.
    pub fn save(&self, store: &dyn Store, name: &str) -> Result<(), Fault> {
        let pem = self
            .to_pem()
            .map_err(|fault| Fault::new(name, fault.to_string(), "report this"))?;
        store.write(&Entry::new(Kind::Certificate, name), pem.as_bytes())
    }

    fn servable(bytes: &[u8]) -> anyhow::Result<Self> {
        let set = Self::parse(bytes)?;
        set.certified(&SystemRoots::from_certificates(&[]))?;
        Ok(set)
    }

    /// Reads what [`CertificateSet::to_pem`] made.
    ///
    /// # Errors
    /// A text that has no meta, key or chain in it, or is not as it was written.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let text = str::from_utf8(bytes).context("it is not text")?;
        let (head, pem) = split_before(text, BEGIN).context("it holds no key")?;
        let head: Head = serde_json::from_str(head.trim()).context("its first line is damaged")?;
        let (key, chain) =
            split_before(pem, BEGIN_CERTIFICATE).context("it holds no certificate")?;
        let set = Self {
            meta: head.meta,
            key: PrivateKey::new(key.to_owned()),
            chain_pem: chain.trim_end().to_owned(),
        };
        if sum(&set.pem()) != head.sha256 {
            bail!("its key or chain is not as it was written");
        }
        Ok(set)
    }

    /// The whole set as the text to keep.
    ///
    /// # Errors
    /// A moment that RFC 3339 cannot write.
    pub fn to_pem(&self) -> anyhow::Result<String> {
        let pem = self.pem();
        let head = serde_json::to_string(&Head {
            meta: self.meta.clone(),
            sha256: sum(&pem),
        })?;
        Ok(format!("{head}\n{pem}"))
    }

    /// The set as it is served; what browsers will complain about is a warning in it.
    ///
    /// # Errors
    /// Key or chain are damaged or do not fit; told with the names the set is of.
    pub fn certified(&self, roots: &SystemRoots) -> anyhow::Result<Certified> {
        let hosts = &self.meta.identifiers;
        let place = format!("the certificate of {}", list(hosts));
        Certified::parse(self.pem().as_bytes(), &place, hosts, roots)
    }

    /// Whether a set that was just downloaded is what was wanted, and can be served from now on.
    ///
    /// # Errors
    /// [`Class::Unusable`], with a sentence: no certificate, damaged, another key's, other names, or
    /// not valid now.
    pub fn check(&self, wanted: &[Host], now: OffsetDateTime) -> Result<(), Problem> {
        let certified = self
            .certified(&SystemRoots::from_certificates(&[]))
            .map_err(|fault| unusable(format!("{fault:#}")))?;
        let missing = list(certified.missing(wanted));
        if !missing.is_empty() {
            return Err(unusable(format!("the certificate does not name {missing}")));
        }
        in_validity(&certified, now)
    }

    /// Keeps of the chain what is served; returns the others, each with its name and why.
    pub(super) fn trim(&mut self) -> anyhow::Result<Vec<String>> {
        let certified = self.certified(&SystemRoots::from_certificates(&[]))?;
        if !certified.left_out.is_empty() {
            let line = certified.key.cert.iter();
            self.chain_pem = line.map(|der| certificate_pem(der)).collect();
        }
        Ok(certified.left_out)
    }

    fn pem(&self) -> String {
        let (key, chain) = (self.key.pem().trim_end(), self.chain_pem.trim_end());
        format!("{key}\n{chain}\n")
    }
}

fn in_validity(certified: &Certified, now: OffsetDateTime) -> Result<(), Problem> {
    let (begins, ends) = (certified.not_before, certified.not_after);
    if now + CLOCK_SKEW < begins {
        return Err(unusable(format!(
            "the certificate is valid only from {begins}"
        )));
    }
    if ends <= now {
        return Err(unusable(format!("the certificate ended on {ends} already")));
    }
    Ok(())
}

fn unusable(cause: impl Into<String>) -> Problem {
    let cause = cause.into();
    Problem::new(
        Class::Unusable,
        format!("the CA sent what cannot be served: {cause}"),
    )
}

/// A certificate as RFC 7468 writes it.
fn certificate_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "{BEGIN_CERTIFICATE}\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

fn sum(pem: &str) -> String {
    STANDARD.encode(digest(&SHA256, pem.as_bytes()))
}

fn split_before<'a>(text: &'a str, wanted: &str) -> Option<(&'a str, &'a str)> {
    text.split_at_checked(text.find(wanted)?)
}

fn list<'a>(hosts: impl IntoIterator<Item = &'a Host>) -> String {
    let hosts: Vec<_> = hosts.into_iter().map(ToString::to_string).collect();
    hosts.join(", ")
}

#[cfg(test)]
mod tests;

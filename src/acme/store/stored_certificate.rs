//! A certificate with its key, its chain and its metadata, in one text with a checksum.
//!
//! The text is PEM that other programs can read. The metadata are one line of JSON before it, where
//! PEM allows explanatory text (RFC 7468, section 2). `tls` checks validity and chain.

use anyhow::{Context, bail};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tracing::warn;

use super::{Entry, Fault, Kind, Store, identifiers, private_key::PrivateKey};
use crate::{
    acme::problem::{Class, Problem},
    config::model::Host,
    tls::{Certified, SystemRoots},
};

/// A certificate with its key, its chain and its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    /// Origin and identifiers.
    pub meta: Meta,
    /// The key of the certificate.
    pub key: PrivateKey,
    /// The certificate and then its issuers, in PEM.
    pub chain_pem: String,
}

/// The origin and the identifiers of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The identifiers of the order.
    #[serde(with = "identifiers")]
    pub identifiers: Vec<Host>,
    /// The URL of the CA's directory; empty for a certificate of certbot.
    pub directory: String,
    /// The URL of the account at the CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The moment of the download, by the local clock.
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    /// The certificate identifier for renewal information (RFC 9773, section 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_id: Option<String>,
}

/// The first line of the text, with the checksum of the rest.
#[derive(Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    meta: Meta,
    sha256: String,
}

/// The time by which the local clock may be behind the CA's for a new certificate.
const CLOCK_SKEW: Duration = Duration::minutes(5);
/// The beginning of the key and of each certificate.
const BEGIN: &str = "-----BEGIN ";
const BEGIN_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

impl StoredCertificate {
    /// Loads the newest certificate of a name that can be served; damaged ones are set aside.
    ///
    /// # Errors
    /// The store cannot be read, or a damaged certificate cannot be set aside.
    pub fn load(store: &dyn Store, name: &str) -> Result<Option<Self>, Fault> {
        let entry = Entry::new(Kind::Certificate, name);
        while let Some(bytes) = store.read(&entry)? {
            match Self::servable(&bytes) {
                Ok(certificate) => return Ok(Some(certificate)),
                Err(fault) => {
                    let place = store.set_aside(&entry, &bytes)?;
                    warn!("certificate {name}: {fault:#}; {place}, and the one before is used");
                }
            }
        }
        Ok(None)
    }

    /// Reads the newest content of an entry, if it can be served; sets nothing aside.
    pub(crate) fn read(store: &dyn Store, entry: &Entry) -> Option<Self> {
        let bytes = store.read(entry).ok()??;
        Self::servable(&bytes).ok()
    }

    /// Saves the certificate as the newest one of a name.
    ///
    /// # Errors
    /// The store cannot be written; the old certificate stays.
    pub fn save(&self, store: &dyn Store, name: &str) -> Result<(), Fault> {
        let pem = self
            .to_pem()
            .map_err(|fault| Fault::new(name, fault.to_string(), "report this"))?;
        store.write(&Entry::new(Kind::Certificate, name), pem.as_bytes())
    }

    fn servable(bytes: &[u8]) -> anyhow::Result<Self> {
        let certificate = Self::parse(bytes)?;
        certificate.certified(&SystemRoots::none())?;
        Ok(certificate)
    }

    /// Parses the text of [`StoredCertificate::to_pem`].
    ///
    /// # Errors
    /// The metadata, the key or the chain is missing, or the checksum differs.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let text = str::from_utf8(bytes).context("it is not text")?;
        let (header, pem) = split_before(text, BEGIN).context("it holds no key")?;
        let header: Header =
            serde_json::from_str(header.trim()).context("its first line is damaged")?;
        let (key, chain) =
            split_before(pem, BEGIN_CERTIFICATE).context("it holds no certificate")?;
        let certificate = Self {
            meta: header.meta,
            key: PrivateKey::new(key.to_owned()),
            chain_pem: chain.trim_end().to_owned(),
        };
        if checksum(&certificate.pem()) != header.sha256 {
            bail!("its key or chain has changed since it was written");
        }
        Ok(certificate)
    }

    /// Returns the text to store.
    ///
    /// # Errors
    /// A moment that RFC 3339 cannot express.
    pub fn to_pem(&self) -> anyhow::Result<String> {
        let pem = self.pem();
        let header = serde_json::to_string(&Header {
            meta: self.meta.clone(),
            sha256: checksum(&pem),
        })?;
        Ok(format!("{header}\n{pem}"))
    }

    /// Parses the certificate for serving. Properties that browsers reject are warnings in it.
    ///
    /// # Errors
    /// The key or the chain is damaged, or they do not fit; the error names the hosts.
    pub fn certified(&self, roots: &SystemRoots) -> anyhow::Result<Certified> {
        let hosts = &self.meta.identifiers;
        let place = format!("the certificate of {}", list(hosts));
        Certified::parse(self.pem().as_bytes(), &place, hosts, roots)
    }

    /// Checks that a downloaded certificate names the wanted hosts and can be served now.
    ///
    /// # Errors
    /// [`Class::Unusable`] with the cause: no certificate, damaged, another key, missing names, or
    /// not valid now.
    pub fn check(&self, wanted: &[Host], now: OffsetDateTime) -> Result<(), Problem> {
        let certified = self
            .certified(&SystemRoots::none())
            .map_err(|fault| Problem::unusable(&format!("{fault:#}")))?;
        let missing = list(certified.missing(wanted));
        if !missing.is_empty() {
            let cause = format!("the certificate does not name {missing}");
            return Err(Problem::unusable(&cause));
        }
        Self::check_validity(&certified, now)
    }

    /// Removes certificates that do not belong to the chain; returns each with its name and the
    /// cause.
    pub(crate) fn trim(&mut self) -> anyhow::Result<Vec<String>> {
        let certified = self.certified(&SystemRoots::none())?;
        if !certified.left_out.is_empty() {
            let line = certified.key.cert.iter();
            self.chain_pem = line.map(|der| certificate_pem(der)).collect();
        }
        Ok(certified.left_out)
    }

    fn check_validity(certified: &Certified, now: OffsetDateTime) -> Result<(), Problem> {
        let (begins, ends) = (certified.not_before, certified.not_after);
        let cause = if now + CLOCK_SKEW < begins {
            format!("the certificate is valid only from {begins}")
        } else if ends <= now {
            format!("the certificate ended on {ends} already")
        } else {
            return Ok(());
        };
        Err(Problem::unusable(&cause))
    }

    fn pem(&self) -> String {
        let (key, chain) = (self.key.pem().trim_end(), self.chain_pem.trim_end());
        format!("{key}\n{chain}\n")
    }
}

impl Problem {
    fn unusable(cause: &str) -> Self {
        let detail = format!("the CA sent a certificate that cannot be served: {cause}");
        Self::new(Class::Unusable, detail)
    }
}

/// Encodes a certificate in PEM (RFC 7468).
fn certificate_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "{BEGIN_CERTIFICATE}\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

fn checksum(pem: &str) -> String {
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

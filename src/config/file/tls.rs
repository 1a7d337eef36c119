//! What a site says of TLS, as written: `certificate` and `hsts`.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// Where a certificate comes from.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum Certificate {
    /// Made or got by hubgate.
    Word(CertificateWord),
    /// PEM files, read again when they change.
    Files(CertificateFiles),
}

/// Certificates that need no files of the operator.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CertificateWord {
    /// Made by hubgate for the site's hosts and kept in `state`.
    SelfSigned,
    /// Got from a CA and renewed, as `acme` says.
    Acme,
}

/// A certificate in PEM files, relative to this file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateFiles {
    /// The certificate, then the intermediates: `fullchain.pem`.
    pub(crate) chain: String,
    /// The private key: `privkey.pem`.
    pub(crate) key: String,
}

/// Strict-Transport-Security (RFC 6797).
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum Hsts {
    /// By itself, or never.
    Word(HstsWord),
    /// Always, as told.
    Always(HstsAlways),
}

/// Strict-Transport-Security without numbers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HstsWord {
    /// One year when the certificate is publicly trusted, else not sent.
    Auto,
    /// Never sent.
    Off,
}

/// Strict-Transport-Security sent always.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HstsAlways {
    /// How long browsers remember: `365d`.
    pub(crate) max_age: String,
    /// Whether subdomains are bound too.
    pub(crate) include_subdomains: bool,
}

impl Default for Certificate {
    fn default() -> Self {
        Self::Word(CertificateWord::SelfSigned)
    }
}

impl Default for Hsts {
    fn default() -> Self {
        Self::Word(HstsWord::Auto)
    }
}

impl Default for HstsAlways {
    fn default() -> Self {
        Self {
            max_age: "365d".into(),
            include_subdomains: false,
        }
    }
}

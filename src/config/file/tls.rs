//! The `certificate` and `hsts` keys of a site, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// The source of a certificate.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum Certificate {
    /// A certificate that hubgate makes or requests.
    Word(CertificateWord),
    /// PEM files, reloaded when they change.
    Files(CertificateFiles),
}

/// A certificate that needs no files of the operator.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CertificateWord {
    /// Made by hubgate for the site's hosts and stored in `state`.
    SelfSigned,
    /// Issued by the CA of `acme`, and renewed.
    Acme,
}

/// A certificate in PEM files; paths are relative to proxy.yaml.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateFiles {
    /// The certificate, then the intermediates, such as `fullchain.pem`.
    pub(crate) chain: String,
    /// The private key, such as `privkey.pem`.
    pub(crate) key: String,
}

/// Strict-Transport-Security (RFC 6797).
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum Hsts {
    /// `auto` or `off`.
    Word(HstsWord),
    /// Always sent, with these values.
    Always(HstsAlways),
}

/// Strict-Transport-Security without values of the operator.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HstsWord {
    /// One year if the certificate is publicly trusted, otherwise not sent.
    Auto,
    /// Never sent.
    Off,
}

/// Strict-Transport-Security that is always sent.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HstsAlways {
    /// Time that browsers remember the header, such as `365d`.
    pub(crate) max_age: String,
    /// Applies the header to subdomains too.
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

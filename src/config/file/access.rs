//! Who may enter, as written: `access` of a site or path.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// Who may enter a site or path.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum SiteAccess {
    /// Open on purpose.
    Word(AccessWord),
    /// Factors that let in.
    Factors(Access),
}

/// Access that asks for nothing.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccessWord {
    /// Everybody may enter.
    Public,
}

/// The factors that let in; one at least.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Access {
    /// Whether one factor is enough (`any`) or all are needed (`all`).
    #[serde(default)]
    pub(crate) satisfy: Satisfy,
    /// Networks to enter from: `lan`, addresses, CIDRs; `public` is every address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) networks: Option<Vec<String>>,
    /// An htpasswd file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// `own` for hubgate's own CA, the PEM file of another one, or a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate: Option<ClientCertificate>,
    /// Headers that tell the hub which client certificate came; `false`: none.
    #[serde(default)]
    pub(crate) client_headers: ClientHeaders,
    /// Origins of other sites' pages that may act here as the site's own do: `https://HOST[:PORT]` or `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origins: Option<Vec<String>>,
    /// How long a site remembers a login, `30d` when left out; `off`: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
}

/// Whether one factor is enough or all are needed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Satisfy {
    /// One is enough.
    #[default]
    Any,
    /// All are needed.
    All,
}

/// Whose client certificates are taken.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum ClientCertificate {
    /// `own`, or the PEM file of the CA.
    Ca(String),
    /// The CA with revocations or names.
    Narrowed(ClientCa),
}

/// A CA of client certificates, its revocations, and who of its clients may enter.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientCa {
    /// `own`, or a PEM file with one or more CA certificates; intermediates in it build paths only.
    pub(crate) ca: String,
    /// PEM or DER file with the CAs' revocation lists; hubgate keeps its own CA's itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crl: Option<String>,
    /// Common names let in; all that the CA signed without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allow: Option<Vec<String>>,
    /// Intermediate CAs that may stand between the CA and a device's certificate, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_depth: Option<u32>,
    /// Takes certificates without any extended key usage too, also those of X.509 version 1.
    #[serde(default)]
    pub(crate) any_use: bool,
}

/// Whether and how the hub is told which client certificate came.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum ClientHeaders {
    /// `false`: not at all.
    Switch(bool),
    /// In these headers.
    Form(ClientHeadersForm),
}

/// Headers that tell the hub which client certificate came.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientHeadersForm {
    /// `X-SSL-Client-Verify`, `-S-DN`, `-Serial`, `-Fingerprint`.
    XSslClient,
    /// `Client-Cert` (RFC 9440).
    ClientCert,
}

impl Default for ClientHeaders {
    fn default() -> Self {
        Self::Switch(false)
    }
}

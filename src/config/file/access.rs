//! The `access` key of a site or path, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// The access rule of a site or path.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum SiteAccess {
    /// `public`: the site or path is open.
    Word(AccessWord),
    /// The factors that a request must satisfy.
    Factors(Access),
}

/// An access rule without factors.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccessWord {
    /// Every request is admitted.
    Public,
}

/// The factors that a request must satisfy; at least one.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Access {
    /// `any`: one factor is enough; `all`: every factor is needed.
    #[serde(default)]
    pub(crate) satisfy: Satisfy,
    /// Client networks: `lan`, addresses, CIDR blocks, or `public` for every address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) networks: Option<Vec<String>>,
    /// Password file in the format of htpasswd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// CA of the client certificates: `own` for hubgate's own CA, the PEM file of another CA, or a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate: Option<ClientCertificate>,
    /// Headers that pass the client certificate to the hub; `false` sends none.
    #[serde(default)]
    pub(crate) client_headers: ClientHeaders,
    /// Other origins with the rights of the site's own pages, to read, write and open WebSockets: `https://HOST[:PORT]` or `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origins: Option<Vec<String>>,
    /// Lifetime of a login's session cookie, from `5m` to `365d`, or `off`. Default with a password or certificate: `30d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
}

/// The number of factors that a request must satisfy.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Satisfy {
    /// One factor is enough.
    #[default]
    Any,
    /// Every factor is needed.
    All,
}

/// The client certificates that are accepted.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum ClientCertificate {
    /// `own`, or the PEM file of a CA: every certificate that the CA signed.
    Ca(String),
    /// A CA with revocation lists or a choice of names.
    Narrowed(ClientCa),
}

/// A CA of client certificates, its revocation lists, and the names that are accepted.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientCa {
    /// `own`, or a PEM file with one or more CA certificates. Intermediate certificates in it are used to build chains only.
    pub(crate) ca: String,
    /// PEM or DER file with the CA's revocation lists; not with `ca: own`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crl: Option<String>,
    /// Common names that are accepted. Default: every certificate that the CA signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allow: Option<Vec<String>>,
    /// Maximum number of intermediate CAs between the CA and a device's certificate. Default: 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_depth: Option<u32>,
    /// Accepts certificates without an extended key usage too, including those of X.509 version 1.
    #[serde(default)]
    pub(crate) any_use: bool,
}

/// The headers, if any, that pass the client certificate to the hub.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(crate) enum ClientHeaders {
    /// `false`: no header.
    Switch(bool),
    /// A set of headers.
    Form(ClientHeadersForm),
}

/// The headers that pass the client certificate to the hub.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientHeadersForm {
    /// `X-SSL-Client-Verify`, `X-SSL-Client-S-DN`, `X-SSL-Client-Serial` and `X-SSL-Client-Fingerprint`.
    XSslClient,
    /// `Client-Cert` (RFC 9440).
    ClientCert,
}

impl Default for ClientHeaders {
    fn default() -> Self {
        Self::Switch(false)
    }
}

//! Responses of the CA: successes and problems (RFC 8555, section 6.7).

use serde_json::{Value, json};

/// A complete response without the fields common to all.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// A response or a problem document.
pub(super) type Reply = Result<Response, Response>;

impl Response {
    /// Returns a JSON response.
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// Returns a response of any media type.
    pub(super) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            fields: vec![("content-type", kind.to_owned())],
            body: body.into(),
        }
    }

    /// A problem of ACME; the kind is the end of its type.
    pub(super) fn problem(status: u16, kind: &str, detail: &str) -> Self {
        let body = problem(status, kind, detail).to_string();
        Self::new(status, "application/problem+json", body)
    }

    /// Returns the problem `malformed` with this detail.
    pub(super) fn malformed(detail: &str) -> Self {
        Self::problem(400, "malformed", detail)
    }

    /// Adds a field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

/// A problem document, as orders and challenges carry it too.
pub(super) fn problem(status: u16, kind: &str, detail: &str) -> Value {
    json!({
        "type": format!("urn:ietf:params:acme:error:{kind}"),
        "detail": detail,
        "status": status,
    })
}

//! Answers of the CA, good ones and problems (RFC 8555, section 6.7).

use serde_json::{Value, json};

/// A whole answer without what every answer has.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// An answer, or the problem that is answered.
pub(super) type Reply = Result<Answer, Answer>;

impl Answer {
    /// An answer in JSON.
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// An answer of any kind.
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

    /// One more field.
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

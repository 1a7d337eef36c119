//! What is told of a certificate: by `hubgate cert status`, `status` and JSON alike.

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::problem::Class;

/// What is known of the certificate of one site.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The first host of its site, by which commands name it.
    pub name: String,
    /// All hosts it is for.
    pub hosts: Vec<String>,
    /// How it stands.
    pub standing: Standing,
    /// Who issued it; nobody while there is none.
    pub issuer: Option<String>,
    /// When it ends (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub ends: Option<OffsetDateTime>,
    /// Whole days until then; negative when it has ended.
    pub days_left: Option<i64>,
    /// What happens next.
    pub next: String,
    /// When that happens; at once without it (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub next_at: Option<OffsetDateTime>,
    /// What went wrong last, until it goes right.
    pub problem: Option<Told>,
    /// The reason for which other programs lack their copies of it.
    #[serde(default)]
    pub undelivered: Option<Told>,
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// There is none yet; one signed by hubgate stands in.
    Missing,
    /// It is good, and its renewal is not due.
    Valid,
    /// It is good, and its renewal is due.
    Due,
    /// It is good, but its renewal is late by a tenth of its life.
    Overdue,
    /// It has ended and is served all the same.
    Ended,
}

/// A problem as it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// When it happened (RFC 3339).
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// Its class.
    pub class: Class,
    /// Cause and cure in one sentence.
    pub sentence: String,
}

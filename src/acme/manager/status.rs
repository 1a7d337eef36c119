//! The report of a certificate, for `hubgate cert status`, `hubgate status` and their JSON.

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use crate::acme::problem::Class;

/// The report of the certificate of one site.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateReport {
    /// The first host of the site; commands accept it as the name of the certificate.
    pub name: String,
    /// All hosts of the site.
    pub hosts: Vec<String>,
    /// The status of the certificate.
    #[serde(rename = "standing")]
    pub status: CertificateStatus,
    /// Common name of the issuer; none without a certificate.
    pub issuer: Option<String>,
    /// End of the validity (RFC 3339).
    #[serde(with = "rfc3339::option")]
    pub ends: Option<OffsetDateTime>,
    /// Whole days to the end of the validity; negative afterwards.
    pub days_left: Option<i64>,
    /// The next step.
    pub next: String,
    /// The moment of the next step (RFC 3339); at once if none.
    #[serde(with = "rfc3339::option")]
    pub next_at: Option<OffsetDateTime>,
    /// The last problem since a certificate was issued.
    pub problem: Option<ReportedProblem>,
    /// The problem that delays the copies for other programs.
    #[serde(default)]
    pub undelivered: Option<ReportedProblem>,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateStatus {
    /// None was issued yet; a self-signed one is served.
    Missing,
    /// Valid, and its renewal is not due.
    Valid,
    /// Valid, and its renewal is due.
    Due,
    /// Valid, but its renewal is late by a tenth of its life.
    Overdue,
    /// Expired, but still served.
    Ended,
}

/// A problem for the operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedProblem {
    /// The moment of the problem (RFC 3339).
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// The class, by which the schedule waits.
    pub class: Class,
    /// Cause and cure in one sentence.
    pub sentence: String,
}

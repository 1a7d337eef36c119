//! The request fields that a client may write, since hubgate or the upstream verifies them.

use crate::http::forward;

/// Fields by which the client decides about the form of the response only.
pub(crate) const FORM: [&str; 16] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "dnt",
    "early-data",
    "expect",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "pragma",
    "range",
    "user-agent",
    "x-request-id",
    "x-scheme",
];
/// Fields that name the page behind a request: hubgate refuses requests of other sites' pages.
pub(crate) const ORIGIN: [&str; 2] = ["origin", "referer"];
/// Credentials that the upstream verifies.
pub(crate) const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "x-openhab-token"];

/// Reports whether a client may write the field.
pub(crate) fn is_of_client(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    FORM.contains(&name)
        || ORIGIN.contains(&name)
        || CREDENTIALS.contains(&name)
        || forward::is_claim(name)
}

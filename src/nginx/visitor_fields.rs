//! The fields that a visitor may write, since hubgate or the hub judges them.

use crate::http::forward;

/// Fields of which the client's own word decides nothing but the form of the answer.
pub(super) const FORM: [&str; 16] = [
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
/// Where a request says that it comes from: hubgate itself refuses those of other pages.
pub(super) const ORIGIN: [&str; 2] = ["origin", "referer"];
/// Credentials that the hub verifies itself.
pub(super) const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "x-openhab-token"];

/// Whether a visitor may write the field, since hubgate or the hub judges it.
pub(super) fn is_visitors_own(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    FORM.contains(&name)
        || ORIGIN.contains(&name)
        || CREDENTIALS.contains(&name)
        || forward::is_claim(name)
}

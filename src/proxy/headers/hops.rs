//! How many proxies OPTIONS may still pass (RFC 9110, section 7.6.2).

use http::{HeaderMap, HeaderValue, Method, header};

/// What Max-Forwards says; nothing for another method, to which it means nothing.
#[must_use]
pub(in crate::proxy) fn left(method: &Method, fields: &HeaderMap) -> Option<u64> {
    let said = fields.get(header::MAX_FORWARDS)?;
    said.to_str()
        .ok()?
        .parse()
        .ok()
        .filter(|_| *method == Method::OPTIONS)
}

/// What it says to the hub.
pub(super) fn after_us(method: &Method, fields: &HeaderMap) -> Option<HeaderValue> {
    left(method, fields).map(|hops| hops.saturating_sub(1).into())
}

//! How many proxies OPTIONS may still pass (RFC 9110, section 7.6.2).

use http::Method;

use crate::fields::{FieldName, Fields};

/// What Max-Forwards says; nothing for another method, to which it means nothing.
#[must_use]
pub(super) fn left(method: &Method, fields: &Fields<'_>) -> Option<u64> {
    let left = fields.text(FieldName::MaxForwards)?.parse().ok();
    left.filter(|_| *method == Method::OPTIONS)
}

/// What it says to the hub.
pub(super) fn after_us(method: &Method, fields: &Fields<'_>) -> Option<String> {
    left(method, fields).map(|hops| hops.saturating_sub(1).to_string())
}

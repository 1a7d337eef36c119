//! Max-Forwards, the number of proxies that OPTIONS may still pass (RFC 9110, section 7.6.2).

use http::Method;

use crate::fields::{FieldName, Fields};

/// The value of Max-Forwards.
#[derive(Clone, Copy)]
pub(super) struct MaxForwards(u64);

impl MaxForwards {
    /// Parses the field of an OPTIONS request; other methods ignore it.
    pub(super) fn parse(method: &Method, fields: &Fields<'_>) -> Option<Self> {
        let value = fields.text(FieldName::MaxForwards)?.parse().ok();
        value.filter(|_| *method == Method::OPTIONS).map(Self)
    }

    /// Reports whether this proxy is the final recipient.
    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The value for the upstream.
    pub(super) fn decremented(self) -> String {
        self.0.saturating_sub(1).to_string()
    }
}

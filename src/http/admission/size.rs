//! The limits of a request: method, target and number of fields, and bytes of content.

use super::arrival::Arrival;
use crate::{
    fields::FieldName,
    http::{
        http1::request_head::{Body, MOST_FIELDS, Malformed},
        request::Request,
        response::local_response::LocalResponse,
    },
};

impl Request<'_> {
    /// Refuses a head that is malformed in both versions.
    pub(super) fn limit_head(&self) -> Result<(), Malformed> {
        Malformed::check_method(self.method)?;
        Malformed::check_target(self.target)?;
        match self.field_lines() > MOST_FIELDS {
            true => Err(Malformed::TOO_MANY_FIELDS),
            false => Ok(()),
        }
    }

    /// The number of field lines. A Cookie that HTTP/2 splits counts once (RFC 9113, section
    /// 8.2.3).
    fn field_lines(&self) -> usize {
        let cookies = self.fields.all(FieldName::Cookie).count();
        self.fields.len() - cookies.saturating_sub(1)
    }

    /// The content's length by Content-Length.
    fn declared_length(&self) -> Body {
        let length = self.fields.text(FieldName::ContentLength);
        let length = length.and_then(|length| length.parse().ok());
        Body::Length(length.unwrap_or(0))
    }
}

impl Arrival<'_> {
    /// Refuses content that is declared larger than `limits.body`.
    pub(super) fn limit_body(&self) -> Result<(), LocalResponse> {
        let declared = self.body.unwrap_or_else(|| self.request.declared_length());
        match (declared, self.exchange.sites.config.limits.body) {
            (Body::Length(length), Some(most)) if length > most => Err(LocalResponse::too_large()),
            _ => Ok(()),
        }
    }
}

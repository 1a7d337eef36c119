//! The limits of a request: methods, targets and fields of its head, and bytes of its body.

use crate::{
    fields::{FieldName, Fields},
    http::{
        http1::request_head::{
            Body, MOST_FIELDS, Malformed, TOO_MANY_FIELDS, refuse_method, refuse_target,
        },
        request::Request,
        response::{local_response::LocalResponse, statuses},
    },
    sites::Sites,
};

/// Refuses a head that no version may have.
pub(super) fn limit_head(request: &Request<'_>) -> Result<(), Malformed> {
    refuse_method(request.method)?;
    refuse_target(request.target)?;
    match field_lines(request.fields) > MOST_FIELDS {
        true => Err(TOO_MANY_FIELDS),
        false => Ok(()),
    }
}

/// The number of a head's fields; HTTP/2 may split Cookie, which then counts once (RFC 9113,
/// section 8.2.3).
fn field_lines(fields: &Fields<'_>) -> usize {
    let cookies = fields.all(FieldName::Cookie).count();
    fields.len() - cookies.saturating_sub(1)
}

/// Refuses a body that is longer than `limits.body`.
pub(super) fn limit_body(
    body: Option<Body>,
    request: &Request<'_>,
    sites: &Sites,
) -> Result<(), LocalResponse> {
    let declared = body.unwrap_or_else(|| declared_length(request));
    match (declared, sites.config.limits.body) {
        (Body::Length(length), Some(most)) if length > most => Err(statuses::too_large()),
        _ => Ok(()),
    }
}

fn declared_length(request: &Request<'_>) -> Body {
    let length = request.fields.text(FieldName::ContentLength);
    let length = length.and_then(|length| length.parse().ok());
    Body::Length(length.unwrap_or(0))
}

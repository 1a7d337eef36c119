//! Renewal information and replaced certificates (RFC 9773).

use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Endpoint, Fault, Issued, Refusal, State,
    fault::Part,
    response::{Reply, Response},
};

/// Returns the renewal window of the certificate with this identifier (RFC 9773).
pub(super) fn answer(state: &mut State, identifier: &str) -> Reply {
    let fault = state.faults.strike(Part::Renewal, Endpoint::RenewalInfo);
    if fault == Some(Fault::RenewalGarbage) {
        return Ok(Response::new(
            200,
            "application/json",
            "{\"suggestedWindow\": ",
        ));
    }
    let found = state.issuer.by_identifier(identifier);
    let Some(issued) = found.filter(|_| fault != Some(Fault::RenewalMissing)) else {
        return Err(Response::problem(404, "malformed", "Certificate not found"));
    };
    let [start, end] = window(issued, fault.as_ref()).map(rfc3339);
    let document = json!({"suggestedWindow": {"start": start, "end": end}});
    let pause = state.options.renewal_pause.to_string();
    Ok(Response::json(200, &document).with("retry-after", pause))
}

/// The last third of the lifetime, or at once for a revoked certificate.
fn window(issued: &Issued, fault: Option<&Fault>) -> [OffsetDateTime; 2] {
    let life = issued.not_after - issued.not_before;
    let past = issued.revoked || fault == Some(&Fault::RenewalInPast);
    if past {
        let now = OffsetDateTime::now_utc();
        return [now - Duration::HOUR, now - Duration::MINUTE];
    }
    let start = match fault {
        Some(Fault::RenewalAfterEnd) => issued.not_after + Duration::DAY,
        _ => issued.not_before + life * 2 / 3,
    };
    [start, start + life / 48]
}

/// Notes that the certificate of this identifier is replaced, which it can be once.
pub(super) fn replace(state: &mut State, identifier: &str) -> Result<(), Response> {
    let Some(issued) = state.issuer.by_identifier(identifier) else {
        let detail = "Could not validate ARI 'replaces' field :: certificate not found";
        return Err(Response::malformed(detail));
    };
    if issued.replaced {
        return Err(Refusal::AlreadyReplaced.answer());
    }
    issued.replaced = true;
    Ok(())
}

/// The time in RFC 3339, in whole seconds.
pub(super) fn rfc3339(moment: OffsetDateTime) -> String {
    let whole = moment.replace_nanosecond(0).unwrap();
    whole.format(&Rfc3339).unwrap()
}

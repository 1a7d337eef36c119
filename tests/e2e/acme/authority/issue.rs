//! Certificates: issued under root and intermediate, shown, revoked.

mod issuer;

use rcgen::{CertificateSigningRequestParams, DnType, DnValue};
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

pub(super) use self::issuer::{Flaw, Issuer};
use super::{
    Endpoint, Fault, Refusal, State,
    fault::Part,
    jws,
    response::{Reply, Response},
};

/// A certificate that was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The serial number in upper case hexadecimal.
    pub serial: String,
    /// The names of the order.
    pub names: Vec<String>,
    /// From when it is valid.
    pub not_before: OffsetDateTime,
    /// Until when it is valid.
    pub not_after: OffsetDateTime,
    /// True after revocation.
    pub revoked: bool,
    /// True if an accepted order replaces the certificate.
    pub replaced: bool,
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    account: String,
    /// The name of its renewal information (RFC 9773, section 4.1).
    identifier: String,
    chain: String,
}

/// Issues for the request, if it is for exactly these names, and returns the number.
pub(super) fn issue(
    state: &mut State,
    account: &str,
    payload: &Value,
    names: &[String],
    profile: Option<&str>,
) -> Result<usize, Response> {
    let request = payload["csr"].as_str().and_then(jws::decode);
    let request =
        request.and_then(|der| CertificateSigningRequestParams::from_der(&der.into()).ok());
    let request = request.filter(|request| names_of(request) == sorted(names.to_vec()));
    let request = request.ok_or_else(|| Refusal::BadCsr.answer())?;
    let fault = state.faults.strike(Part::Certificate, Endpoint::Finalize);
    let life = life(state, profile, fault.as_ref());
    let issued = state
        .issuer
        .sign(request, [account, &names.join(" ")], life, &Flaw(fault));
    Ok(issued)
}

fn life(state: &State, profile: Option<&str>, fault: Option<&Fault>) -> [OffsetDateTime; 2] {
    let options = &state.options;
    let mut profiles = options.profiles.iter();
    let offered = profiles.find(|(name, _)| Some(*name) == profile);
    let life = offered.map_or(options.life, |(_, life)| *life);
    let now = OffsetDateTime::now_utc();
    match fault {
        Some(Fault::Life(life)) => [now, now + *life],
        Some(Fault::Expired) => [now - Duration::DAY * 9, now - Duration::DAY],
        Some(Fault::NotYetValid) => [now + Duration::DAY, now + Duration::DAY * 90],
        _ => [now, now + life],
    }
}

/// The names of the request; its common name is one of them.
fn names_of(request: &CertificateSigningRequestParams) -> Vec<String> {
    let common = request.params.distinguished_name.get(&DnType::CommonName);
    let common = common.map(|name| match name {
        DnValue::Utf8String(name) => name.to_lowercase(),
        other => format!("{other:?}"),
    });
    let names = request.params.subject_alt_names.iter();
    let names = names.filter_map(|name| match name {
        rcgen::SanType::DnsName(name) => Some(name.as_str().to_lowercase()),
        _ => None,
    });
    sorted(names.chain(common).collect())
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Shows a certificate of the account with its chain.
pub(super) fn download(state: &State, account: &str, number: &str) -> Reply {
    let number = number.parse().unwrap_or(usize::MAX);
    let issued = state.issuer.by_number(number);
    let own = issued.filter(|issued| issued.account == account);
    let issued = own.ok_or_else(|| Response::problem(404, "malformed", "Certificate not found"))?;
    let kind = "application/pem-certificate-chain";
    Ok(Response::new(200, kind, issued.chain.clone()))
}

/// Revokes a certificate of the account (RFC 8555, section 7.6).
pub(super) fn revoke(state: &mut State, account: &str, payload: &Value) -> Reply {
    let certificate = payload["certificate"].as_str().and_then(jws::decode);
    let certificate = certificate.unwrap_or_default();
    let Some(issued) = state.issuer.by_der(&certificate) else {
        return Err(Response::problem(404, "malformed", "No such certificate"));
    };
    if issued.account != account {
        let detail = "Requester account doesn't match certificate's";
        return Err(Response::problem(403, "unauthorized", detail));
    }
    if issued.revoked {
        return Err(Response::problem(
            400,
            "alreadyRevoked",
            "Certificate already revoked",
        ));
    }
    issued.revoked = true;
    Ok(Response::new(200, "text/plain", ""))
}

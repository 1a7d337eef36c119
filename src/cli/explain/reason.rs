//! Why a request is answered as it is, in a sentence.

use http::header;

use super::visit::Visit;
use crate::{
    access::verdict::{Admission, Denial},
    http::{
        admission::{Admitted, Refused},
        request::Exchange,
        response::local_response::LocalResponse,
    },
    pages::notice::Notice,
    sites::site::Site,
    tls::Reason,
};

/// A visit with the gate's judgement of it.
pub(super) struct Judged<'a> {
    pub(super) visit: &'a Visit,
    pub(super) outcome: Result<Box<Admitted>, Box<Refused>>,
}

impl Judged<'_> {
    pub(super) fn exchange(&self) -> &Exchange {
        match &self.outcome {
            Ok(admitted) => &admitted.exchange,
            Err(refused) => &refused.exchange,
        }
    }

    /// The site that decides, if the host has one.
    pub(super) fn site(&self) -> Option<&Site> {
        match &self.outcome {
            Ok(admitted) => Some(&admitted.site),
            Err(refused) => refused.refusal.site.as_deref(),
        }
    }

    /// The local response; none when the request is forwarded.
    pub(super) fn response(&self) -> Option<&LocalResponse> {
        let refused = self.outcome.as_ref().err()?;
        Some(&refused.refusal.response)
    }

    /// The Location of the local response.
    pub(super) fn location(&self) -> Option<String> {
        let fields = &self.response()?.headers;
        let (_, location) = fields.iter().find(|(name, _)| *name == header::LOCATION)?;
        Some(location.to_str().ok()?.to_owned())
    }
}

/// Why it is answered so.
pub(super) fn of(judged: &Judged<'_>) -> String {
    let refusal = match &judged.outcome {
        Ok(request) => return admitted(&request.admission),
        Err(refused) => &refused.refusal,
    };
    if let Some(denial) = &refusal.denial {
        return denied(denial, judged);
    }
    let notice = refusal.response.notice.as_ref();
    if let Some(Notice::Malformed(why)) = notice {
        return (*why).to_owned();
    }
    if refusal.site.is_none() {
        return nowhere(judged);
    }
    let location = judged.location().unwrap_or_default();
    match notice {
        Some(Notice::ToOrigin) => format!("the site redirects every request, here to {location}"),
        Some(Notice::ToHttps) => format!("what comes in the clear is sent to {location}"),
        Some(Notice::ToFolder) => {
            format!("a hub answers below the path with a slash at its end, at {location}")
        }
        Some(Notice::BadPath(why)) => why.to_string(),
        _ => "a page of hubgate's own answers here, by which devices are enrolled".to_owned(),
    }
}

fn nowhere(judged: &Judged<'_>) -> String {
    let sites = &judged.exchange().sites.config.sites;
    let hosts = sites.iter().flat_map(|site| &site.hosts);
    let hosts: Vec<_> = hosts.map(ToString::to_string).collect();
    let (host, hosts) = (&judged.visit.called.authority.host, hosts.join(", "));
    format!("no site has the host {host}; there are: {hosts}")
}

fn admitted(admission: &Admission) -> String {
    if admission.public {
        return "the path is public".to_owned();
    }
    let factors = admission.factors;
    let network = factors.network.then(|| "its network".to_owned());
    let identity = admission.identity.as_ref();
    let certificate = identity.map(|it| match it.common_name() {
        Some(name) => format!("the certificate of {name:?}"),
        None => format!("the certificate {}", it.serial()),
    });
    let user = admission.user.as_ref();
    let password = user.map(|user| format!("the password of {user:?}"));
    let held: Vec<_> = [network, certificate, password]
        .into_iter()
        .flatten()
        .collect();
    match held.is_empty() {
        true => "the site is open to everybody".to_owned(),
        false => format!("let in by {}", held.join(" and ")),
    }
}

fn denied(denial: &Denial, judged: &Judged<'_>) -> String {
    match denial {
        Denial::Password { certificate } => password(judged, certificate.as_ref()),
        Denial::CertificateAbsent => format!("a client certificate is needed; {}", none(judged)),
        Denial::CertificateInvalid(reason) => reason.to_string(),
        Denial::Network if judged.exchange().connection.asked() => {
            format!("{OUTSIDE}; told as a lack of a certificate, as one was asked for")
        }
        Denial::Network => OUTSIDE.to_owned(),
        Denial::Throttled { .. } => "too many wrong passwords came before".to_owned(),
    }
}

fn password(judged: &Judged<'_>, certificate: Option<&Reason>) -> String {
    let came = match &judged.visit.basic {
        Some(basic) => format!("no user {:?} is known here", basic.user),
        None => "none came (--user NAME)".to_owned(),
    };
    let certificate = certificate.map_or(String::new(), |reason| format!("; {reason}"));
    format!("a password is needed; {came}{certificate}")
}

/// Why no certificate came.
fn none(judged: &Judged<'_>) -> &'static str {
    match (&judged.visit.device, judged.exchange().connection.asked()) {
        (None, _) => "none came (--client NAME)",
        (Some(_), true) => "the device showed none",
        (Some(_), false) => "the connection was not asked for one",
    }
}

const OUTSIDE: &str = "the address is in none of the networks that may enter";

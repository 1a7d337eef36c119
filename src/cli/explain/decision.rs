//! The gate's decision on a visit, and its reason in a sentence.

use http::header;

use super::visit::Visit;
use crate::{
    access::verdict::{Admission, Denial},
    events::reason::Reason,
    http::{
        admission::{Admitted, Refused},
        request::Exchange,
        response::local_response::LocalResponse,
    },
    pages::notice::Notice,
    sites::site::Site,
    tls::ClientCertificateError,
};

/// A visit and the gate's decision.
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

    /// Returns the site of the request's host, if there is one.
    pub(super) fn site(&self) -> Option<&Site> {
        match &self.outcome {
            Ok(admitted) => Some(&admitted.site),
            Err(refused) => refused.refusal.site.as_deref(),
        }
    }

    /// Returns the local response; `None` if the request is forwarded.
    pub(super) fn response(&self) -> Option<&LocalResponse> {
        let refused = self.outcome.as_ref().err()?;
        Some(&refused.refusal.response)
    }

    /// Returns the Location of the local response.
    pub(super) fn location(&self) -> Option<String> {
        let fields = &self.response()?.headers;
        let (_, location) = fields.iter().find(|(name, _)| *name == header::LOCATION)?;
        Some(location.to_str().ok()?.to_owned())
    }

    /// Returns the reason for the decision.
    pub(super) fn reason(&self) -> String {
        let refusal = match &self.outcome {
            Ok(request) => return admitted(&request.admission),
            Err(refused) => &refused.refusal,
        };
        if let Some(admission) = &refusal.admission {
            return format!("hubgate answers itself; {}", admitted(admission));
        }
        let notice = refusal.response.notice.as_ref();
        match (&refusal.denial, notice) {
            (Some(denial), _) => self.denied(denial),
            (None, Some(Notice::ForeignOrigin | Notice::TooLarge)) => {
                refusal.reason().map_or("", Reason::words).to_owned()
            }
            (None, Some(Notice::Malformed(cause))) => (*cause).to_owned(),
            _ if refusal.site.is_none() => self.no_site(),
            (None, notice) => self.local_response(notice),
        }
    }

    fn local_response(&self, notice: Option<&Notice>) -> String {
        let location = self.location().unwrap_or_default();
        match notice {
            Some(Notice::ToOrigin) => {
                format!("the site redirects every request, here to {location}")
            }
            Some(Notice::ToHttps) => format!("a request in the clear is redirected to {location}"),
            Some(Notice::ToFolder) => {
                format!("a hub answers below the path with a slash at its end, at {location}")
            }
            Some(Notice::BadPath(cause)) => cause.to_string(),
            _ => "hubgate answers with its own page for the enrolment of devices".to_owned(),
        }
    }

    fn no_site(&self) -> String {
        let sites = &self.exchange().sites.config.sites;
        let hosts = sites.iter().flat_map(|site| &site.hosts);
        let hosts: Vec<_> = hosts.map(ToString::to_string).collect();
        let (host, hosts) = (&self.visit.target.authority.host, hosts.join(", "));
        format!("no site has the host {host}; there are: {hosts}")
    }

    fn denied(&self, denial: &Denial) -> String {
        match denial {
            Denial::Password { certificate } => self.password_needed(certificate.as_ref()),
            Denial::CertificateAbsent => {
                format!(
                    "a client certificate is needed; {}",
                    self.certificate_absent()
                )
            }
            Denial::CertificateInvalid(reason) => reason.to_string(),
            Denial::Network if self.exchange().connection.asked() => {
                let outside = Reason::Network.words();
                format!("{outside}; reported as a missing certificate, since one was requested")
            }
            Denial::Network if self.has_hidden_client() => MASQUERADED.to_owned(),
            Denial::Network => Reason::Network.words().to_owned(),
            Denial::Throttled { .. } => Reason::BackOff.words().to_owned(),
        }
    }

    fn has_hidden_client(&self) -> bool {
        let exchange = self.exchange();
        exchange.sites.has_hidden_client(&exchange.connection)
    }

    fn password_needed(&self, certificate: Option<&ClientCertificateError>) -> String {
        let login = match &self.visit.basic {
            Some(basic) => format!("the password file has no user {:?}", basic.user),
            None => "none was sent (--user NAME)".to_owned(),
        };
        let certificate = certificate.map_or(String::new(), |reason| format!("; {reason}"));
        format!("a password is needed; {login}{certificate}")
    }

    fn certificate_absent(&self) -> &'static str {
        match (&self.visit.device, self.exchange().connection.asked()) {
            (None, _) => "none was sent (--client NAME)",
            (Some(_), true) => "the device sent none",
            (Some(_), false) => "none was requested on this connection",
        }
    }
}

fn admitted(admission: &Admission) -> String {
    if admission.public {
        return "the path is public".to_owned();
    }
    let network = admission.factors.network.then(|| "its network".to_owned());
    let identity = admission.identity.as_ref();
    let certificate = identity.map(|identity| match identity.common_name() {
        Some(name) => format!("the certificate of {name:?}"),
        None => format!("the certificate {}", identity.serial()),
    });
    let user = admission.user.as_ref();
    let password = user.map(|user| format!("the password of {user:?}"));
    let factors = [network, certificate, password].into_iter().flatten();
    let factors: Vec<_> = factors.collect();
    match factors.is_empty() {
        true => "the site is public".to_owned(),
        false => format!("admitted by {}", factors.join(" and ")),
    }
}

const MASQUERADED: &str = "the address is the one by which this container's network replaces that of \
     every client, so it is in none of the networks of the access rule";

//! The two outcomes of the gate: an admitted request, or a refused one with its response.

use std::sync::Arc;

use http::{HeaderValue, header};

use super::cors::Cors;
use crate::{
    access::verdict::{Admission, Denial},
    events::reason::Reason,
    http::{request::Exchange, response::local_response::LocalResponse},
    pages::{notice::Notice, reader::Reader},
    sites::site::Site,
    transport::grant::GrantGuard,
    upstream::Route,
};

/// An admitted request, with the gate's findings.
pub struct Admitted {
    /// The request.
    pub exchange: Exchange,
    /// Its site.
    pub site: Arc<Site>,
    /// The access rule's admission.
    pub admission: Admission,
    /// The servers of its upstream, in the order in which they are tried.
    pub route: Route,
    /// The CORS fields of its response.
    pub cors: Cors,
    /// The session cookie that its response sets.
    pub session_cookie: Option<HeaderValue>,
    /// Set when the access rule accepts a password.
    pub takes_password: bool,
    /// The entry of its grant in the connection's list.
    pub(crate) grant: GrantGuard,
}

/// A request that is not admitted.
pub struct Refused {
    /// The request.
    pub exchange: Exchange,
    /// The response and its cause.
    pub refusal: Refusal,
}

/// The response to a request that is not forwarded, and its cause.
pub struct Refusal {
    /// The response.
    pub response: LocalResponse,
    /// The site of the request, once known.
    pub site: Option<Arc<Site>>,
    /// The CORS fields of the response.
    pub cors: Cors,
    /// The denial, if the access rule refused.
    pub denial: Option<Denial>,
    /// Set when the request has sent a password.
    pub has_password: bool,
    /// The admission of a request for a place with `serve`.
    pub admission: Option<Admission>,
}

impl Admitted {
    /// Writes a local response in the client's language.
    pub(crate) fn localise(&self, mut response: LocalResponse) -> LocalResponse {
        if matches!(response.notice, Some(Notice::HubStarting)) && self.is_for_openhab() {
            response.notice = Some(Notice::OpenHabStarting);
        }
        let reader = self.exchange.logged.reader;
        self.cors
            .add_to(response.localise(reader, Some(self.site.pages())))
    }

    /// Reports whether the upstream is known to be openHAB.
    pub(crate) fn is_for_openhab(&self) -> bool {
        self.route.upstream().is_openhab()
    }
}

impl Refusal {
    /// The answer of hubgate's own to an admitted request.
    pub(super) fn served(
        response: LocalResponse,
        admission: Admission,
        session_cookie: Option<HeaderValue>,
    ) -> Self {
        let response = match session_cookie {
            Some(cookie) => response.with_field(header::SET_COOKIE, cookie),
            None => response,
        };
        Self {
            admission: Some(admission),
            ..response.into()
        }
    }

    /// Sets the site.
    pub(super) fn with_site(self, site: &Arc<Site>) -> Self {
        Self {
            site: Some(site.clone()),
            ..self
        }
    }

    /// Sets the CORS fields.
    pub(super) fn with_cors(self, cors: Cors) -> Self {
        Self { cors, ..self }
    }

    /// Returns the reason of a refusal; none for other local responses.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match (&self.denial, self.response.notice.as_ref()?.reason()?) {
            // A connection that requested a certificate gets 496 for its address, too.
            (Some(Denial::Network), _) => Some(Reason::Network),
            (_, Reason::PasswordAbsent) if self.has_password => Some(Reason::PasswordWrong),
            (_, reason) => Some(reason),
        }
    }

    /// Writes the response in the client's language.
    pub(crate) fn localise(self, reader: Reader) -> LocalResponse {
        let pages = self.site.as_ref().map(|site| site.pages());
        self.cors.add_to(self.response.localise(reader, pages))
    }
}

impl From<LocalResponse> for Box<Refusal> {
    fn from(response: LocalResponse) -> Self {
        Self::new(response.into())
    }
}

impl From<LocalResponse> for Refusal {
    fn from(response: LocalResponse) -> Self {
        Self {
            response,
            site: None,
            cors: Cors::Off,
            denial: None,
            has_password: false,
            admission: None,
        }
    }
}

//! One request and what becomes of it, from its head to its log line.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use http::{HeaderValue, Method, Version};

use super::{
    admission::{cors::Cors, enrolment, grant::Listed},
    forward::headers,
    response::local_response::LocalResponse,
};
use crate::{
    access::{
        network::Client,
        verdict::{Admission, Denial},
    },
    fields::{FieldName, Fields},
    pages::{notice::Notice, reader::Reader},
    sites::{Sites, authority::Authority, site::Site},
    telemetry::counters::Present,
    transport::connection_info::ConnectionInfo,
    upstream::Route,
};

/// A request's head, whichever version of HTTP it came in.
#[derive(Debug)]
pub struct Request<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path and query, as sent.
    pub target: &'a str,
    /// Version.
    pub version: Version,
    /// Fields; Host or `:authority` is in `authority`.
    pub fields: &'a Fields<'a>,
    /// Host and port.
    pub authority: Option<Authority>,
}

/// One request and what becomes of it.
pub struct Exchange {
    /// The sites as they were when it came; it keeps them to its end.
    pub sites: Arc<Sites>,
    /// Who it is from.
    pub client: Client,
    /// The connection it came on.
    pub connection: Arc<ConnectionInfo>,
    _underway: Present,
    /// When its head was complete.
    pub began: (Instant, SystemTime),
    /// What the log tells of the request.
    pub logged: LoggedRequest,
    /// The site it is for, once known.
    pub site: Option<Arc<Site>>,
    /// Why it may pass, once judged.
    pub admission: Option<Admission>,
    /// The admission as it is judged again while the exchange lasts.
    pub grant: Option<Listed>,
    /// Why it may not enter, when that was the judgement.
    pub denial: Option<Denial>,
    /// What its answer tells a browser of other origins.
    pub cors: Cors,
    /// The cookie of a session that its answer sets.
    pub session: Option<HeaderValue>,
    /// Where it goes.
    pub route: Option<Route>,
    /// Whether the rule that let it in knows a password.
    pub password_asked: bool,
    /// What was posted to a page of hubgate's own.
    pub form: Vec<u8>,
    /// Bytes of body received from the client.
    pub received: u64,
    /// Status answered and bytes of body sent.
    pub answered: Option<(u16, u64)>,
}

/// The parts of a request that outlive it in the log.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Version.
    pub version: Version,
    /// Host and port; what was sent for it when that was neither.
    pub host: String,
    /// Referer.
    pub referer: String,
    /// User-Agent.
    pub user_agent: String,
    /// Whether the UI was told already to leave Authorization alone.
    pub has_auth_cookie: bool,
    /// What the client reads.
    pub(super) reader: Reader,
}

impl Exchange {
    /// A request that has just arrived.
    #[must_use]
    pub fn new(sites: Arc<Sites>, connection: Arc<ConnectionInfo>, request: &Request<'_>) -> Self {
        let trusted = &sites.config.trusted_proxies;
        let client = Client::of_request(connection.peer.ip(), trusted, request.fields);
        Self {
            sites,
            client,
            _underway: connection.requests.enter(),
            connection,
            began: (Instant::now(), SystemTime::now()),
            logged: LoggedRequest::of(request),
            site: None,
            admission: None,
            grant: None,
            denial: None,
            cors: Cors::Off,
            session: None,
            route: None,
            password_asked: false,
            form: Vec::new(),
            received: 0,
            answered: None,
        }
    }

    /// A local response as the client reads it, with what browsers of other origins are told.
    #[must_use]
    pub(super) fn dress(&self, mut answer: LocalResponse) -> LocalResponse {
        if matches!(answer.notice, Some(Notice::HubStarting)) && self.is_for_openhab() {
            answer.notice = Some(Notice::OpenHabStarting);
        }
        let pages = self.site.as_ref().map(|site| site.pages());
        self.cors
            .dress(answer.written_for(self.logged.reader, pages))
    }

    /// Whether it goes to openHAB, as far as that is known.
    pub(super) fn is_for_openhab(&self) -> bool {
        let route = self.route.as_ref();
        route.is_some_and(|route| route.upstream().is_openhab())
    }

    /// Waits until the exchange is not admitted any more.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + use<> {
        Listed::ended(self.grant.as_ref())
    }
}

impl LoggedRequest {
    /// Bytes that it occupies.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.target, &self.host, &self.referer, &self.user_agent];
        texts.iter().map(|text| text.len()).sum()
    }

    /// Frees what only the line of the log needs, once that is written.
    pub(super) fn release(&mut self) {
        for text in [&mut self.target, &mut self.referer, &mut self.user_agent] {
            *text = String::new();
        }
    }

    fn of(request: &Request<'_>) -> Self {
        let field = |name| {
            let value = request.fields.get(name);
            value.map_or(String::new(), |value| {
                String::from_utf8_lossy(value).into_owned()
            })
        };
        let authority = request.authority.as_ref();
        Self {
            method: request.method.clone(),
            target: enrolment::unlinked(request.target),
            version: request.version,
            host: authority.map_or_else(|| field(FieldName::Host), ToString::to_string),
            referer: field(FieldName::Referer),
            user_agent: field(FieldName::UserAgent),
            has_auth_cookie: headers::has_auth_cookie(request.fields),
            reader: Reader::of(request.fields),
        }
    }
}

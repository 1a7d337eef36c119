//! A request of either version, from its head to its log line.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use http::{Method, Version};

use super::{enrolment_link, openhab_cookie};
use crate::{
    access::{network::Client, path},
    authority::SentAuthority,
    fields::{FieldName, Fields},
    pages::reader::Reader,
    sites::Sites,
    telemetry::counter::GaugeGuard,
    transport::connection_info::ConnectionInfo,
};

/// The head of a request of either version.
#[derive(Debug)]
pub struct Request<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path and query of the request target, as sent.
    pub target: &'a str,
    /// Version.
    pub version: Version,
    /// Fields.
    pub fields: &'a Fields<'a>,
    /// Host and port, of `:authority` or Host.
    pub authority: Option<&'a Arc<SentAuthority>>,
}

/// A request, from its head to its log line.
pub struct Exchange {
    /// The sites at the begin of the request, which a reload does not change.
    pub sites: Arc<Sites>,
    /// The client's address, behind trusted proxies too.
    pub client: Client,
    /// The client's connection.
    pub connection: Arc<ConnectionInfo>,
    _underway: GaugeGuard,
    _in_flight: GaugeGuard,
    /// The instant at which the head was complete.
    pub began: Instant,
    /// The time of day at which the head was complete.
    pub time: SystemTime,
    /// The properties for the log line.
    pub logged: LoggedRequest,
    /// The form posted to an enrolment page.
    pub form: Vec<u8>,
    /// Bytes of content received from the client.
    pub received: u64,
    /// Time from the begin of the request to the upstream until the head of its response.
    pub upstream_time: Option<Duration>,
    /// The response that was sent.
    pub response: Option<SentResponse>,
}

/// A response that was sent to the client.
#[derive(Clone, Copy, Debug, Default)]
pub struct SentResponse {
    /// Status.
    pub status: u16,
    /// Bytes of content.
    pub bytes: u64,
}

/// The properties of a request for its log line.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// Method.
    pub method: Method,
    /// Path and query, without the secret of an enrolment link.
    pub target: Arc<str>,
    /// Version.
    pub version: Version,
    authority: Option<Arc<SentAuthority>>,
    /// The value of Host if it is invalid.
    invalid_host: String,
    /// Referer.
    pub referer: String,
    /// User-Agent.
    pub user_agent: String,
    /// Set when the client sent the cookie of openHAB's UI.
    pub has_openhab_cookie: bool,
    /// The languages and media types that the client accepts.
    pub(super) reader: Reader,
}

impl Request<'_> {
    /// The path that path rules match; `/` for the target `*`.
    #[must_use]
    pub fn path(&self) -> &str {
        path::of_target(self.target)
    }
}

impl Exchange {
    /// Begins with the complete head of a request.
    #[must_use]
    pub fn new(sites: Arc<Sites>, connection: Arc<ConnectionInfo>, request: &Request<'_>) -> Self {
        let trusted = &sites.config.trusted_proxies;
        let client = Client::from_request(connection.network_peer(), trusted, request.fields);
        Self {
            client,
            _underway: connection.requests.enter(),
            _in_flight: sites.in_flight.enter(),
            sites,
            connection,
            began: Instant::now(),
            time: SystemTime::now(),
            logged: LoggedRequest::new(request),
            form: Vec::new(),
            received: 0,
            upstream_time: None,
            response: None,
        }
    }
}

impl LoggedRequest {
    /// Bytes that the texts occupy.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.invalid_host, &self.referer, &self.user_agent];
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        texts + self.target.len()
    }

    /// Host and port; the value of Host if it is invalid.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority.as_ref();
        authority.map_or(&self.invalid_host, |authority| authority.text())
    }

    /// The path of the target, without the secret of an enrolment link.
    pub(super) fn path(&self) -> &str {
        path::of_target(&self.target)
    }

    /// Frees the texts that only the log line needs.
    pub(super) fn release(&mut self) {
        self.target = Arc::default();
        for text in [&mut self.referer, &mut self.user_agent] {
            *text = String::new();
        }
    }

    /// Path and query as sent, which mostly are those for the log.
    pub(super) fn sent_target(&self, request: &Request<'_>) -> Arc<str> {
        match *self.target == *request.target {
            true => self.target.clone(),
            false => request.target.into(),
        }
    }

    fn new(request: &Request<'_>) -> Self {
        let field = |name| {
            let value = request.fields.get(name);
            value.map_or(String::new(), |value| {
                String::from_utf8_lossy(value).into_owned()
            })
        };
        let authority = request.authority;
        Self {
            method: request.method.clone(),
            target: enrolment_link::redacted(request.target),
            version: request.version,
            authority: authority.cloned(),
            invalid_host: authority.map_or_else(|| field(FieldName::Host), |_| String::new()),
            referer: field(FieldName::Referer),
            user_agent: field(FieldName::UserAgent),
            has_openhab_cookie: openhab_cookie::is_sent(request.fields),
            reader: Reader::of(request.fields),
        }
    }
}

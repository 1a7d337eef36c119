//! One request, from its head to its line of the log.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use http::{Method, Version};

use super::{enrolment_link, openhab_cookie};
use crate::{
    access::network::Client,
    authority::Authority,
    fields::{FieldName, Fields},
    pages::reader::Reader,
    sites::Sites,
    telemetry::counter::GaugeGuard,
    transport::connection_info::ConnectionInfo,
};

/// A request's head, of any version of HTTP.
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
    pub authority: Option<&'a Authority>,
}

/// One request, from its head to its line of the log.
pub struct Exchange {
    /// The sites as they were at its begin, kept to its end.
    pub sites: Arc<Sites>,
    /// The client's address, behind trusted proxies too.
    pub client: Client,
    /// Its connection.
    pub connection: Arc<ConnectionInfo>,
    _underway: GaugeGuard,
    /// The time at which its head was complete.
    pub began: (Instant, SystemTime),
    /// The parts that the log has.
    pub logged: LoggedRequest,
    /// The form posted to a page of hubgate's own.
    pub form: Vec<u8>,
    /// Bytes of body received from the client.
    pub received: u64,
    /// Status of the response, and bytes of its body that were sent.
    pub answered: Option<(u16, u64)>,
}

/// The parts of a request that the log has.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Version.
    pub version: Version,
    /// Host and port; the value of Host where that is neither.
    pub host: String,
    /// Referer.
    pub referer: String,
    /// User-Agent.
    pub user_agent: String,
    /// Whether the client has the cookie of openHAB's UI.
    pub has_openhab_cookie: bool,
    /// The languages and forms that the client reads.
    pub(super) reader: Reader,
}

impl Request<'_> {
    /// The path that rules are matched on; `*` is matched as the root.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.target {
            "*" => "/",
            target => target.split('?').next().unwrap_or(target),
        }
    }
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
            form: Vec::new(),
            received: 0,
            answered: None,
        }
    }
}

impl LoggedRequest {
    /// Bytes that it occupies.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.target, &self.host, &self.referer, &self.user_agent];
        texts.iter().map(|text| text.len()).sum()
    }

    /// The path of the target, as the log has it.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
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
        let authority = request.authority;
        Self {
            method: request.method.clone(),
            target: enrolment_link::redacted(request.target),
            version: request.version,
            host: authority.map_or_else(|| field(FieldName::Host), ToString::to_string),
            referer: field(FieldName::Referer),
            user_agent: field(FieldName::UserAgent),
            has_openhab_cookie: openhab_cookie::is_sent(request.fields),
            reader: Reader::of(request.fields),
        }
    }
}

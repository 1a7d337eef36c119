//! The explanation of a visit, as text or JSON.

use std::{fmt, net::IpAddr};

use serde::Serialize;

use super::{
    decision::Judged,
    visit::{Device, Visit},
};
use crate::{
    cli::check,
    config::model::{PathRule, Server, Site, Upstream},
    doctor::access_summary,
    http::http1::request_head::Malformed,
    sites::site,
    transport::connection_info::ConnectionInfo,
};

/// The response to a visit, and its reason.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    url: String,
    from: IpAddr,
    /// Hosts of the site.
    site: Option<Vec<String>>,
    tls: bool,
    /// True if the handshake requests a client certificate.
    certificate_asked: bool,
    /// Device that sends its certificate.
    certificate_shown: Option<String>,
    access: Option<String>,
    /// Other origins with the rights of the site's own pages at the path.
    origins: Vec<String>,
    path_rule: Option<String>,
    path_access: Option<String>,
    /// The hub with its settings, if it has HTTP/2 or health checks.
    hub: Option<String>,
    /// Status of the local response; `None` if the request is forwarded.
    status: Option<u16>,
    location: Option<String>,
    forwarded_to: Option<Vec<String>>,
    because: String,
    notes: Vec<String>,
}

impl Explanation {
    /// Explains the gate's decision.
    pub(super) fn new(judged: &Judged<'_>) -> Self {
        let connection = &judged.exchange().connection;
        let mut explanation = Self::of_connection(judged.visit, connection, judged.reason());
        explanation.status = judged.response().map(|response| response.status.as_u16());
        explanation.location = judged.location();
        if let Some(site) = judged.site() {
            explanation.add_site(site, judged);
        }
        explanation
    }

    /// Explains the refusal of a malformed head, which reaches no site.
    pub(super) fn malformed(
        visit: &Visit,
        connection: &ConnectionInfo,
        Malformed(status, cause): Malformed,
    ) -> Self {
        let mut explanation = Self::of_connection(visit, connection, cause.to_owned());
        explanation.status = Some(status.as_u16());
        explanation
    }

    fn of_connection(visit: &Visit, connection: &ConnectionInfo, because: String) -> Self {
        let has_chain = connection.chain().is_some_and(|chain| !chain.is_empty());
        let shown = visit.device.as_ref().filter(|_| has_chain);
        Self {
            url: visit.target.url.clone(),
            from: visit.from,
            site: None,
            tls: visit.target.tls,
            certificate_asked: connection.asked(),
            certificate_shown: shown.map(|device| device.name.clone()),
            access: None,
            origins: Vec::new(),
            path_rule: None,
            path_access: None,
            hub: None,
            status: None,
            location: None,
            forwarded_to: None,
            because,
            notes: visit.notes(connection),
        }
    }

    fn add_site(&mut self, site: &site::Site, judged: &Judged<'_>) {
        let config = &site.config;
        self.site = Some(config.hosts.iter().map(ToString::to_string).collect());
        let is_open = config.redirect().is_none();
        self.access = is_open.then(|| access_summary::summary(&config.access));
        let path = judged.visit.target.path_and_query.split('?').next();
        let place = path.and_then(|path| site.place(path).ok());
        let origins = place.map(|place| site.origins(&place));
        let origins = origins.into_iter().flatten().flatten();
        self.origins = origins.map(ToString::to_string).collect();
        let rule = place.and_then(|place| config.paths.get(place.path_rule()?));
        self.path_rule = rule.map(PathRule::pattern);
        self.path_access = rule.map(check::path);
        let upstream = judged
            .outcome
            .is_ok()
            .then(|| upstream(config, rule))
            .flatten();
        let notable = upstream.filter(|hub| hub.http2 || hub.health.is_some());
        self.hub = notable.map(|upstream| check::HubSummary(upstream).to_string());
        self.forwarded_to = upstream.map(servers);
    }

    fn certificate(&self) -> String {
        match (&self.certificate_shown, self.certificate_asked) {
            (Some(device), _) => format!("requested in the handshake; {device:?} sends its own"),
            (None, true) => "requested in the handshake".to_owned(),
            (None, false) if self.tls => "not requested".to_owned(),
            (None, false) => "not requested, since the connection is in the clear".to_owned(),
        }
    }

    fn answer(&self) -> String {
        match (&self.forwarded_to, self.status) {
            (Some(servers), _) => {
                format!("forwarded to {}: {}", servers.join(" or "), self.because)
            }
            (None, Some(status)) => format!("{status}: {}", self.because),
            (None, None) => self.because.clone(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.site.as_ref().map(|hosts| hosts.join(", "));
        let rule = self.path_rule.as_deref().unwrap_or_default();
        let pages = self.origins.join(" and ");
        let pages = format!("pages of {pages} have the rights of its own pages here");
        let lines = [
            ("site", site.or_else(|| Some("none".to_owned()))),
            ("certificate", Some(self.certificate())),
            ("who enters", self.access.clone()),
            ("origins", Some(pages).filter(|_| !self.origins.is_empty())),
            (rule, self.path_access.clone()),
            ("hub", self.hub.clone()),
            ("answer", Some(self.answer())),
        ];
        writeln!(f, "{} from {}", self.url, self.from)?;
        for (label, text) in lines {
            if let Some(text) = text {
                writeln!(f, "  {label:<12} {text}")?;
            }
        }
        let mut notes = self.notes.iter();
        notes.try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

fn upstream<'s>(site: &'s Site, rule: Option<&'s PathRule>) -> Option<&'s Upstream> {
    let own = rule.and_then(|rule| rule.upstream.as_deref());
    own.or(site.upstream())
}

fn servers(upstream: &Upstream) -> Vec<String> {
    upstream.servers.iter().map(Server::to_string).collect()
}

impl Visit {
    /// Returns circumstances that do not affect the decision, but may be unexpected.
    fn notes(&self, connection: &ConnectionInfo) -> Vec<String> {
        let port = self.target.port;
        let no_listener = (!self.target.listens).then(|| {
            format!(
                "hubgate does not listen on port {port}: this is right only if a router or proxy \
                 forwards that port to it"
            )
        });
        let unused = self.device.as_ref().filter(|_| !connection.asked());
        let unused = unused.map(|Device { name, is_valid, .. }| {
            let invalid = if *is_valid { "" } else { ", which is invalid," };
            format!("the certificate of {name:?}{invalid} is not used, since none is requested")
        });
        no_listener.into_iter().chain(unused).collect()
    }
}

//! What is told of a visit, for people or as JSON.

use std::{fmt, net::IpAddr};

use serde::Serialize;

use super::{
    reason::Judged,
    visit::{Device, Visit},
};
use crate::{
    cli::check,
    config::model::{PathRule, Server, Site},
    doctor::entry,
    http::http1::request_head::Malformed,
    sites::site,
    transport::connection_info::ConnectionInfo,
};

/// What is told of a visit.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    url: String,
    from: IpAddr,
    /// The hosts of the site that decides.
    site: Option<Vec<String>>,
    tls: bool,
    /// Whether the handshake asks for a client certificate.
    certificate_asked: bool,
    /// The device that shows its certificate.
    certificate_shown: Option<String>,
    access: Option<String>,
    /// Further origins whose pages count as own at the path.
    origins: Vec<String>,
    path_rule: Option<String>,
    path_access: Option<String>,
    /// The status of hubgate's own answer; none where the hub answers.
    status: Option<u16>,
    location: Option<String>,
    forwarded_to: Option<Vec<String>>,
    because: String,
    notes: Vec<String>,
}

impl Told {
    /// What the gate said.
    pub(super) fn of(judged: &Judged<'_>, because: String) -> Self {
        let connection = &judged.exchange().connection;
        let mut told = Self::begin(judged.visit, connection, because);
        told.status = judged.response().map(|answer| answer.status.as_u16());
        told.location = judged.location();
        if let Some(site) = judged.site() {
            told.decided_by(site, judged);
        }
        told
    }

    /// A head that no site ever sees.
    pub(super) fn malformed(visit: &Visit, link: &ConnectionInfo, why: Malformed) -> Self {
        let mut told = Self::begin(visit, link, why.1.to_owned());
        told.status = Some(why.0.as_u16());
        told
    }

    fn begin(visit: &Visit, link: &ConnectionInfo, because: String) -> Self {
        let has_shown = link.chain().is_some_and(|chain| !chain.is_empty());
        let shown = visit.device.as_ref().filter(|_| has_shown);
        Self {
            url: visit.called.url.clone(),
            from: visit.from,
            site: None,
            tls: visit.called.tls,
            certificate_asked: link.asked(),
            certificate_shown: shown.map(|device| device.name.clone()),
            access: None,
            origins: Vec::new(),
            path_rule: None,
            path_access: None,
            status: None,
            location: None,
            forwarded_to: None,
            because,
            notes: notes(visit, link),
        }
    }

    fn decided_by(&mut self, site: &site::Site, judged: &Judged<'_>) {
        let config = &site.config;
        self.site = Some(config.hosts.iter().map(ToString::to_string).collect());
        self.access = config.upstream().map(|_| entry::told(&config.access));
        let path = judged.visit.called.target.split('?').next();
        let place = path.and_then(|path| site.place(path).ok());
        let origins = place.map(|place| site.origins(&place));
        let origins = origins.into_iter().flatten().flatten();
        self.origins = origins.map(ToString::to_string).collect();
        let rule = place.and_then(|place| config.paths.get(place.path_rule()?));
        self.path_rule = rule.map(PathRule::pattern);
        self.path_access = rule.map(check::path);
        self.forwarded_to = judged.outcome.is_ok().then(|| servers(config, rule));
    }

    fn certificate(&self) -> String {
        match (&self.certificate_shown, self.certificate_asked) {
            (Some(device), _) => format!("asked for in the handshake; {device:?} shows its own"),
            (None, true) => "asked for in the handshake".to_owned(),
            (None, false) if self.tls => "not asked for".to_owned(),
            (None, false) => "not asked for, as the connection is in the clear".to_owned(),
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

impl fmt::Display for Told {
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

fn servers(site: &Site, rule: Option<&PathRule>) -> Vec<String> {
    let own = rule.and_then(|rule| rule.upstream.as_deref());
    let upstream = own.or(site.upstream());
    let servers = upstream.into_iter().flat_map(|upstream| &upstream.servers);
    servers.map(Server::to_string).collect()
}

/// What does not decide, but may surprise.
fn notes(visit: &Visit, link: &ConnectionInfo) -> Vec<String> {
    let port = visit.called.port;
    let unheard = (!visit.called.listens).then(|| {
        format!(
            "hubgate does not listen on port {port}: this is right only where a router or proxy \
             leads from there to it"
        )
    });
    let unasked = visit.device.as_ref().filter(|_| !link.asked());
    let unasked = unasked.map(|device: &Device| {
        let standing = if device.good {
            ""
        } else {
            ", which is good no more,"
        };
        format!(
            "the certificate of {:?}{standing} is not looked at, as none is asked for",
            device.name
        )
    });
    unheard.into_iter().chain(unasked).collect()
}

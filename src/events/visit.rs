//! Visits and refused requests on their way to the history, with bounded texts.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{
    event::{Entry, Kind, Refusal},
    factors::Factors,
    reason::Reason,
    request::{RequestEnd, Visitor},
};

/// Most bytes of a name: of a user, device or site.
pub(crate) const NAME: usize = 64;
/// Most bytes of a `User-Agent` and of a path.
pub(super) const TEXT: usize = 100;
/// Most bytes of a cause.
pub(super) const CAUSE: usize = 120;

/// A visitor that was let in.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(super) at: OffsetDateTime,
    pub(super) site: String,
    pub(super) user: Option<String>,
    pub(super) device: Option<String>,
    pub(super) address: IpAddr,
    pub(super) factors: Factors,
    pub(super) agent: String,
}

/// A request that got no response of a hub.
#[derive(Clone)]
pub(crate) struct RefusedRequest {
    pub(super) at: OffsetDateTime,
    pub(super) refusal: Refusal,
}

impl Visit {
    pub(super) fn new(request: &RequestEnd<'_>, visitor: Visitor<'_>) -> Self {
        let (entry, name) = (&request.entry, |name: &str| bounded(name, NAME));
        Self {
            at: (entry.time + entry.duration).into(),
            site: request
                .site
                .map_or_else(String::new, |site| name(site.name())),
            user: visitor.user.map(name),
            device: visitor.device.map(name),
            address: visitor.address.to_canonical(),
            factors: visitor.factors,
            agent: lossy(entry.user_agent.unwrap_or_default()),
        }
    }

    /// Returns kind and name of each visitor: device and person, otherwise the address.
    pub(super) fn visitors(&self) -> Vec<(Kind, String)> {
        let device = self.device.iter().map(|name| (Kind::Device, name.clone()));
        let person = self.user.iter().map(|name| (Kind::Person, name.clone()));
        let named: Vec<_> = device.chain(person).collect();
        match named.is_empty() {
            true => vec![(Kind::Address, self.address.to_string())],
            false => named,
        }
    }

    pub(super) fn into_entry(self, keeps_address: bool) -> Entry {
        Entry {
            site: self.site,
            user: self.user,
            device: self.device,
            address: keeps_address.then_some(self.address),
            factors: self.factors,
            agent: self.agent,
        }
    }
}

impl RefusedRequest {
    pub(super) fn new(request: &RequestEnd<'_>, reason: Reason) -> Self {
        let entry = &request.entry;
        let at = (entry.time + entry.duration).into();
        let path = entry.target.split(|byte| *byte == b'?').next();
        let detail = request.detail.map(ToString::to_string);
        let refusal = Refusal {
            site: request.site.map(|site| bounded(site.name(), NAME)),
            address: Some(entry.client.to_canonical()),
            reason,
            detail: detail.map(|cause| bounded(&cause, CAUSE)),
            status: entry.status,
            host: bounded(entry.host.unwrap_or_default(), NAME),
            method: bounded(entry.method, 16),
            path: lossy(path.unwrap_or_default()),
            agent: lossy(entry.user_agent.unwrap_or_default()),
            times: 1,
            first: at,
        };
        Self { at, refusal }
    }
}

/// Returns the beginning of a text, cut at a character boundary.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Returns the beginning of a text of a client, with a replacement for bytes that are no UTF-8.
fn lossy(text: &[u8]) -> String {
    let text = &text[..text.len().min(TEXT)];
    bounded(&String::from_utf8_lossy(text), TEXT)
}

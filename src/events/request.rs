//! The end of a request, as its readers see it.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    net::IpAddr,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use foldhash::fast::FixedState;

use super::{
    factors::Factors,
    reason::Reason,
    site_counters::{Cell, Protocol, SiteCounters},
};
use crate::telemetry::access_log::Entry;

/// The end of a request.
#[derive(Clone, Copy)]
pub struct RequestEnd<'a> {
    /// The properties that the access log has.
    pub entry: Entry<'a>,
    /// The counters of the site; none if no site has the host.
    pub site: Option<&'a Arc<SiteCounters>>,
    /// Bytes of content received from the client.
    pub received: u64,
    /// The visitor, if the request was let in.
    pub visitor: Option<Visitor<'a>>,
    /// The reason for which no hub has responded.
    pub reason: Option<Reason>,
    /// The cause in words, where the reason has several.
    pub detail: Option<&'a dyn std::fmt::Display>,
    /// The last visitor of the connection.
    pub last_visitor: &'a LastVisitor,
}

/// The visitor of a request that was let in.
#[derive(Clone, Copy)]
pub struct Visitor<'a> {
    /// Factors that the client holds.
    pub factors: Factors,
    /// User of the password or session.
    pub user: Option<&'a str>,
    /// Name in the client certificate, or its serial number.
    pub device: Option<&'a str>,
    /// Address of the client.
    pub address: IpAddr,
}

/// The last visitor of a connection, as a hash with its minute: most requests of a connection are
/// of the same visitor, which is recorded once a minute.
#[derive(Debug, Default)]
pub struct LastVisitor(AtomicU64);

impl RequestEnd<'_> {
    /// Counts the request in the counters of its site.
    pub(super) fn count(&self, site: &SiteCounters) {
        let entry = &self.entry;
        let protocol = Protocol::new(entry.version, entry.status);
        let micros = u64::try_from(entry.duration.as_micros()).unwrap_or(u64::MAX);
        // A WebSocket lasts for hours, which says nothing about responses.
        let responses = u64::from(protocol != Protocol::WebSocket);
        site.add([
            (Cell::request(entry.method, protocol, entry.status), 1),
            (Cell::duration(micros), responses),
            (Cell::DURATION_SUM, micros * responses),
            (Cell::RECEIVED, self.received),
            (Cell::SENT, entry.body_bytes_sent),
        ]);
        site.add(
            self.visitor
                .map(|visitor| (Cell::entry(visitor.factors), 1)),
        );
        site.add(self.reason.map(|reason| (Cell::reason(reason), 1)));
    }

    /// Reports whether the connection had no request of this visitor to this site in this minute.
    pub(super) fn is_first_of_minute(&self, visitor: Visitor<'_>) -> bool {
        let mark = self.mark(visitor);
        self.last_visitor.0.swap(mark, Ordering::Relaxed) != mark
    }

    fn mark(&self, visitor: Visitor<'_>) -> u64 {
        let time = self.entry.time + self.entry.duration;
        let since_1970: Duration = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut hasher = FixedState::default().build_hasher();
        hasher.write_u64(since_1970.as_secs() / 60);
        hasher.write_usize(self.site.map_or(0, |site| ptr::from_ref(&**site).addr()));
        hasher.write_usize(visitor.factors.number());
        (visitor.user, visitor.device, visitor.address).hash(&mut hasher);
        hasher.finish() | 1
    }
}

//! What happens at the door, as typed values: the one source of access log, counters, history.
//!
//! The end of a request becomes an event in [`Events::request`], every other event in
//! [`Events::report`]. Neither waits nor locks: counters are atomic, and the rest goes through a
//! bounded queue to the task of the history ([`Queue`]). `server` owns that task.

pub mod counters;
pub mod event;
pub mod factors;
pub mod history;
pub mod kinds;
pub mod reason;
pub mod request;
pub mod site_counters;
pub mod visit;

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::{broadcast, mpsc};

use self::{
    counters::{Counters, Snapshot},
    event::{Event, Record},
    history::History,
    kinds::Kinds,
    request::RequestEnd,
    site_counters::SiteTable,
    visit::{RefusedRequest, Visit},
};
use crate::telemetry::{access_log::AccessLog, counter::Counter};

/// The readers of events: access log, counters, history, subscribers.
pub struct Events {
    /// The access log.
    pub log: AccessLog,
    /// The counters of connections.
    pub counters: Counters,
    /// The counters of requests by site.
    pub sites: SiteTable,
    /// The counts of events that are no requests.
    pub kinds: Kinds,
    /// The start of the process.
    pub started: OffsetDateTime,
    /// The history.
    pub history: History,
    queue: mpsc::Sender<Queued>,
    /// Events that did not fit into the queue.
    lost: Counter,
    subscribers: broadcast::Sender<Arc<Record>>,
}

/// The receiving end of the queue, for the task of the history.
pub struct Queue(mpsc::Receiver<Queued>);

/// An event on its way to the history.
pub(crate) enum Queued {
    /// A visitor was let in, or was not seen for a minute.
    Visit(Visit),
    /// A request got no response of a hub.
    Refused(RefusedRequest),
    /// Any other event.
    Other(Record),
}

/// Events that wait for the task of the history at most; what exceeds them is counted only.
const QUEUED: usize = 1024;
/// Records that a slow subscriber may be behind at most; it skips older ones.
const UNREAD: usize = 256;

impl Events {
    /// Creates the readers and the queue to the history.
    #[must_use]
    pub fn new(log: AccessLog) -> (Arc<Self>, Queue) {
        let (queue, received) = mpsc::channel(QUEUED);
        let events = Self {
            log,
            counters: Counters::default(),
            sites: SiteTable::default(),
            kinds: Kinds::default(),
            started: OffsetDateTime::now_utc(),
            history: History::default(),
            queue,
            lost: Counter::default(),
            subscribers: broadcast::channel(UNREAD).0,
        };
        (Arc::new(events), Queue(received))
    }

    /// Records the end of a request: the only place where one is logged and counted.
    pub fn request(&self, ended: &RequestEnd<'_>) {
        self.log.log(&ended.entry);
        let site = ended.site.unwrap_or(&self.sites.none);
        ended.count(site);
        if let Some(visitor) = ended.visitor {
            self.visit(ended, visitor);
        }
        if let Some(reason) = ended.reason {
            self.enqueue(|| Queued::Refused(RefusedRequest::new(ended, reason)));
        }
    }

    /// Records a visitor that is let in, before its request ends; counts nothing.
    pub fn visit(&self, request: &RequestEnd<'_>, visitor: request::Visitor<'_>) {
        if request.is_first_of_minute(visitor) {
            self.enqueue(|| Queued::Visit(Visit::new(request, visitor)));
        }
    }

    /// Records an event that is no request.
    pub fn report(&self, event: Event) {
        self.kinds.count(&event);
        let at = OffsetDateTime::now_utc();
        self.enqueue(|| Queued::Other(Record { at, event }));
    }

    /// Subscribes to the records of the history's task.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Record>> {
        self.subscribers.subscribe()
    }

    /// Returns the number of subscribers.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.subscribers.receiver_count()
    }

    /// Returns the number of events that were counted but not recorded, since the queue was full.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.value()
    }

    /// Reads all counters for `hubgate status`.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.counters.snapshot(&self.sites.totals())
    }

    /// Adds the queued events to the history and passes them to the subscribers.
    pub(crate) fn record(&self, queued: Queued) {
        for record in self.history.record(queued) {
            // Fails without a subscriber.
            let _ = self.subscribers.send(Arc::new(record));
        }
    }

    fn enqueue(&self, queued: impl FnOnce() -> Queued) {
        match self.queue.try_reserve() {
            Ok(place) => place.send(queued()),
            Err(_) => self.lost.add(1),
        }
    }
}

impl Queue {
    /// Returns the next event; none once all senders are gone.
    pub(crate) async fn next(&mut self) -> Option<Queued> {
        self.0.recv().await
    }

    /// Returns an event that is queued already.
    pub(crate) fn next_queued(&mut self) -> Option<Queued> {
        self.0.try_recv().ok()
    }
}

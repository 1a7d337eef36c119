//! Events at a connection limit: every event is counted, the first of a minute logged.

use std::{net::IpAddr, time::Instant};

use tracing::warn;

use super::{counter::Counter, line_limit::LineLimit};

/// The connections that one limit refused or closed.
#[derive(Debug)]
pub struct LimitEvent {
    /// Key of the limit in `proxy.yaml`.
    limit: &'static str,
    /// The action on the connection, a verb in the past tense.
    done: &'static str,
    count: Counter,
    lines: LineLimit,
}

impl LimitEvent {
    /// Creates a count of zero.
    #[must_use]
    pub fn new(limit: &'static str, done: &'static str) -> Self {
        Self {
            limit,
            done,
            count: Counter::default(),
            lines: LineLimit::per_minute(1),
        }
    }

    /// Counts a connection and logs the first of a minute.
    pub fn note(&self, address: IpAddr) {
        self.count.add(1);
        let Self { limit, done, .. } = self;
        match self.lines.admit(Instant::now()) {
            Some(0) => warn!("{limit} is reached: {done} a connection of {address}"),
            Some(more) => {
                warn!("{limit} is reached: {done} a connection of {address}, and {more} before it");
            }
            None => {}
        }
    }

    /// Logs the number of further connections at the end of the minute.
    pub fn sum_up(&self) {
        if let Some(more) = self.lines.overdue(Instant::now()) {
            let Self { limit, done, .. } = self;
            warn!("{limit} was reached: {done} {more} more connections within a minute");
        }
    }

    /// Returns the number of connections since the start.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.value()
    }
}

//! Connections cut or refused at a limit: counted, and never without a line.

use std::{net::IpAddr, time::Instant};

use tracing::warn;

use super::{counter::Counter, line_limit::LineLimit};

/// Connections cut or refused at one limit.
#[derive(Debug)]
pub struct LimitEvent {
    /// The key of the limit.
    limit: &'static str,
    /// The verb for a connection then, in the past tense.
    done: &'static str,
    count: Counter,
    lines: LineLimit,
}

impl LimitEvent {
    /// Nothing yet.
    #[must_use]
    pub fn new(limit: &'static str, done: &'static str) -> Self {
        Self {
            limit,
            done,
            count: Counter::default(),
            lines: LineLimit::new(1),
        }
    }

    /// Counts a connection of this address; logs the first of a minute.
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

    /// Logs how many there were besides the first, once their minute is over.
    pub fn sum_up(&self) {
        if let Some(more) = self.lines.overdue(Instant::now()) {
            let Self { limit, done, .. } = self;
            warn!("{limit} was reached: {done} {more} more connections within a minute");
        }
    }

    /// Their number since the start.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.value()
    }
}

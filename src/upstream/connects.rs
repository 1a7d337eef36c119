//! The connects to a server: whether it accepts connections, and how fast.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::telemetry::counter::Counter;

/// The connects to a server that requests needed.
#[derive(Debug, Default)]
pub(super) struct Connects {
    is_down: AtomicBool,
    connects: Counter,
    failures: Counter,
    /// Sum of the times of successful connects.
    connect_micros: Counter,
}

/// The state of one server of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerState {
    /// The server, as configured.
    pub server: String,
    /// False after a failed connect, until one succeeds; with health checks, by the last one.
    pub is_up: bool,
    /// Successful connects.
    pub connects: u64,
    /// Failed connects.
    pub failures: u64,
    /// Sum of the times of successful connects.
    pub connect_time: Duration,
}

impl Connects {
    /// Notes a usable connection; `time` is that of its connect, if it is new.
    pub(super) fn succeed(&self, time: Option<Duration>) {
        if let Some(time) = time {
            self.connects.add(1);
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            self.connect_micros.add(micros);
        }
        if self.is_down.load(Ordering::Relaxed) {
            self.is_down.store(false, Ordering::Relaxed);
        }
    }

    /// Notes that no address of the server can be connected to.
    pub(super) fn fail(&self) {
        self.failures.add(1);
        self.is_down.store(true, Ordering::Relaxed);
    }

    /// Takes over the counts before a reload.
    pub(super) fn inherit(&self, before: &Self) {
        let is_down = before.is_down.load(Ordering::Relaxed);
        self.is_down.store(is_down, Ordering::Relaxed);
        self.connects.add(before.connects.value());
        self.failures.add(before.failures.value());
        self.connect_micros.add(before.connect_micros.value());
    }

    pub(super) fn state(&self, server: String) -> ServerState {
        ServerState {
            server,
            is_up: !self.is_down.load(Ordering::Relaxed),
            connects: self.connects.value(),
            failures: self.failures.value(),
            connect_time: Duration::from_micros(self.connect_micros.value()),
        }
    }
}

impl ServerState {
    /// Adds the state of the same server in another upstream.
    pub(crate) fn add(&mut self, other: &Self) {
        self.is_up &= other.is_up;
        self.connects += other.connects;
        self.failures += other.failures;
        self.connect_time += other.connect_time;
    }
}

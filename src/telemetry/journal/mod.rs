//! The journal: hubgate's events on stderr.
//!
//! Under systemd a line begins with its priority, elsewhere with the time. Panics and the events of
//! libraries that use the `log` crate are included. A thread that logs never waits for stderr.

mod fields;
mod priority;
mod stderr;
#[cfg(test)]
mod tests;

use std::{
    env, fs,
    io::{self, IsTerminal},
    net::IpAddr,
    os::{fd::AsFd, unix::fs::MetadataExt},
    panic,
};

use anyhow::Context;
use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_log::LogTracer;
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt, fmt::MakeWriter, layer::SubscriberExt,
    registry::LookupSpan, reload,
};

use self::{fields::Safe, priority::Priority, stderr::Stderr};
use crate::telemetry::escape::Escaped;

/// The journal of the process; a reload can change its level.
#[derive(Clone)]
pub struct Journal {
    filter: reload::Handle<Targets, Registry>,
    stderr: Option<Stderr>,
}

/// Opens the journal; earlier events are lost.
///
/// # Errors
/// When the process already has a journal, or the system refuses a thread.
pub fn init(level: Level) -> anyhow::Result<Journal> {
    let stderr = Stderr::start().context("journal: cannot be opened")?;
    let (subscriber, mut journal) = Journal::open(level, Destination::of_stderr(), stderr.clone());
    journal.stderr = Some(stderr);
    tracing::subscriber::set_global_default(subscriber).context("journal: cannot be opened")?;
    panic::set_hook(Box::new(|panicked| tracing::error!("{panicked}")));
    LogTracer::builder()
        .with_max_level(tracing_log::AsLog::as_log(&LIBRARIES))
        .init()
        .context("journal: the events of libraries cannot be included")?;
    Ok(journal)
}

impl Journal {
    fn open<W>(level: Level, destination: Destination, writer: W) -> (impl Subscriber, Self)
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let (reloadable, handle) = reload::Layer::new(filter(level));
        let subscriber = Registry::default()
            .with(reloadable)
            .with(destination.layer(writer));
        let journal = Self {
            filter: handle,
            stderr: None,
        };
        (subscriber, journal)
    }

    /// Changes the level.
    ///
    /// # Errors
    /// When the journal is closed.
    pub fn set_level(&self, level: Level) -> anyhow::Result<()> {
        self.filter
            .reload(filter(level))
            .context("journal: the level cannot be changed")
    }

    /// Waits until all earlier lines are written, at most a second.
    pub fn flush(&self) {
        if let Some(stderr) = &self.stderr {
            stderr.flush();
        }
    }
}

/// Logs a failed login as a warning in the stable form that fail2ban matches:
/// `login failed from 203.0.113.7 for user "anna" on home.example.org`.
///
/// User and host are untrusted. They are escaped as in the access log and truncated to 128 and 255
/// bytes, so that they can neither end the line nor name another address to ban.
pub fn login_failed(client: IpAddr, user: &str, host: &str) {
    tracing::warn!(
        "login failed from {} for user \"{}\" on {}",
        client.to_canonical(),
        Escaped(head(user, 128)),
        Escaped(head(host, 255)),
    );
}

/// Destination of the lines, which decides their format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destination {
    Journald,
    Terminal,
    File,
}

impl Destination {
    fn of_stderr() -> Self {
        if Self::is_journald() {
            Self::Journald
        } else if io::stderr().is_terminal() {
            Self::Terminal
        } else {
            Self::File
        }
    }

    /// Compares stderr with `JOURNAL_STREAM`, a variable that every program of a desktop session
    /// inherits.
    fn is_journald() -> bool {
        let Some(stream) = env::var_os("JOURNAL_STREAM") else {
            return false;
        };
        let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() else {
            return false;
        };
        fs::File::from(stderr)
            .metadata()
            .is_ok_and(|meta| *stream == *format!("{}:{}", meta.dev(), meta.ino()))
    }

    /// Builds the layer that formats and writes the lines.
    fn layer<S, W>(self, writer: W) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        // Reporting a failed write on a closed stderr would panic.
        let lines = fmt::layer()
            .fmt_fields(Safe)
            .with_writer(writer)
            .with_target(false)
            .with_ansi(self == Self::Terminal)
            .log_internal_errors(false);
        match self {
            Self::Journald => lines.event_format(Priority).boxed(),
            Self::Terminal | Self::File => lines.boxed(),
        }
    }
}

/// Builds the filter: hubgate at the configured level, libraries at most at [`LIBRARIES`].
fn filter(level: Level) -> Targets {
    let level = LevelFilter::from_level(level);
    let peer_errors = if level < LevelFilter::DEBUG {
        LevelFilter::OFF
    } else {
        LIBRARIES
    };
    Targets::new()
        .with_default(LIBRARIES.min(level))
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_target("pingora_core", LevelFilter::ERROR)
        .with_target("pingora_load_balancing", LevelFilter::ERROR)
        .with_targets(PEER_ERRORS.map(|target| (target, peer_errors)))
}

/// Truncates a text to a number of bytes.
fn head(text: &str, length: usize) -> &[u8] {
    &text.as_bytes()[..text.len().min(length)]
}

/// Highest level of libraries; from `debug` on they log request heads with their secrets.
const LIBRARIES: LevelFilter = LevelFilter::WARN;

/// Targets that log each fault of a peer as an error; `http` and `connection` log the relevant
/// ones.
const PEER_ERRORS: [&str; 3] = [
    "pingora_core::apps",
    "pingora_core::protocols::http",
    "rustls",
];

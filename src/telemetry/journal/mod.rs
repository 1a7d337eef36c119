//! The journal: what hubgate says of itself, on stderr.
//!
//! Under systemd each line carries its priority and leaves the time to
//! journald; elsewhere lines begin with the time. Lines of the engine, through
//! the `log` crate, and panics are logged here too. No thread that logs waits for
//! stderr.

mod fields;
mod priority;
pub mod sparse;
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

/// The journal of the process, whose level changes on reload.
#[derive(Clone)]
pub struct Journal {
    filter: reload::Handle<Targets, Registry>,
    stderr: Option<Stderr>,
}

/// Opens the journal; earlier events are lost.
///
/// # Errors
/// When the process has a journal already, or the system refuses a thread.
pub fn init(level: Level) -> anyhow::Result<Journal> {
    let stderr = Stderr::start().context("journal: cannot be opened")?;
    let (subscriber, mut journal) = open(level, Place::of_stderr(), stderr.clone());
    journal.stderr = Some(stderr);
    tracing::subscriber::set_global_default(subscriber).context("journal: cannot be opened")?;
    panic::set_hook(Box::new(|panicked| tracing::error!("{panicked}")));
    LogTracer::builder()
        .with_max_level(tracing_log::AsLog::as_log(&LIBRARIES))
        .init()
        .context("journal: the engine's log cannot be taken in")?;
    Ok(journal)
}

impl Journal {
    /// Says less or more from now on.
    ///
    /// # Errors
    /// When the journal is closed, which no running process has seen.
    pub fn set_level(&self, level: Level) -> anyhow::Result<()> {
        self.filter
            .reload(filter(level))
            .context("journal: the level cannot be changed")
    }

    /// Waits, for a second at most, until all lines so far are written.
    pub fn flush(&self) {
        if let Some(stderr) = &self.stderr {
            stderr.flush();
        }
    }
}

/// Reports a failed login in the form that fail2ban matches.
///
/// `login failed from 203.0.113.7 for user "anna" on home.example.org`, as a
/// warning. User and host come from a stranger: they are escaped as in the
/// access log, and cut after 128 and 255 bytes, so that nobody can end the
/// line early or have another address banned. This form is stable.
pub fn login_failed(client: IpAddr, user: &str, host: &str) {
    tracing::warn!(
        "login failed from {} for user \"{}\" on {}",
        client.to_canonical(),
        Escaped(head(user, 128)),
        Escaped(head(host, 255)),
    );
}

/// Where the lines go, which decides how they look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Journald,
    Terminal,
    File,
}

impl Place {
    fn of_stderr() -> Self {
        if is_journald() {
            Self::Journald
        } else if io::stderr().is_terminal() {
            Self::Terminal
        } else {
            Self::File
        }
    }
}

/// Whether stderr is the stream that systemd named; the variable alone is
/// inherited by every program of a desktop session.
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

fn open<W>(level: Level, place: Place, writer: W) -> (impl Subscriber, Journal)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (reloadable, handle) = reload::Layer::new(filter(level));
    let subscriber = Registry::default()
        .with(reloadable)
        .with(lines(place, writer));
    let journal = Journal {
        filter: handle,
        stderr: None,
    };
    (subscriber, journal)
}

fn lines<S, W>(place: Place, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // A closed stderr must not end the process, as reporting it on stderr would.
    let lines = fmt::layer()
        .fmt_fields(Safe)
        .with_writer(writer)
        .with_target(false)
        .with_ansi(place == Place::Terminal)
        .log_internal_errors(false);
    match place {
        Place::Journald => lines.event_format(Priority).boxed(),
        Place::Terminal | Place::File => lines.boxed(),
    }
}

/// hubgate at the level asked for; libraries quieter.
fn filter(level: Level) -> Targets {
    let level = LevelFilter::from_level(level);
    let engine = if level < LevelFilter::DEBUG {
        LevelFilter::OFF
    } else {
        LIBRARIES
    };
    Targets::new()
        .with_default(LIBRARIES.min(level))
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_target("pingora_core", LevelFilter::ERROR)
        .with_targets(ABOUT_PEERS.map(|target| (target, engine)))
}

/// The first bytes of a text.
fn head(text: &str, length: usize) -> &[u8] {
    &text.as_bytes()[..text.len().min(length)]
}

/// The most that libraries may say: from `debug` on they print whole request
/// heads, and the secrets in them.
const LIBRARIES: LevelFilter = LevelFilter::WARN;

/// Targets that call it an error when a peer breaks off or sends nonsense;
/// `http` and `connection` report what of it matters.
const ABOUT_PEERS: [&str; 3] = [
    "pingora_core::apps",
    "pingora_core::protocols::http",
    "rustls",
];

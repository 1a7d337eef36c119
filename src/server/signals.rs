//! The signals that the process answers; any other that would end it is logged and ignored.
//!
//! A habit such as SIGUSR1 to reopen logs must not end the process. Left alone are those of a
//! crash (SIGSEGV and the like), and SIGABRT, by which systemd's watchdog ends a process that hangs.

use std::borrow::Cow;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::warn;

/// The signals that a process answers beside those that end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// SIGHUP reloads, SIGUSR2 hands over.
    Service,
    /// None: a demo ends with its terminal, and its files with it.
    Demo,
}

/// The signals the process answers.
pub(super) struct Signals {
    pub(super) reload: Signal,
    pub(super) hand_over: Signal,
    pub(super) end: EndSignals,
}

/// The signals that end the process.
pub(super) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// Waits for one of them.
    pub(super) async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Signals {
    /// Listens for each signal; those without a meaning are logged and ignored.
    ///
    /// # Errors
    /// When the system refuses a handler of a signal with a meaning.
    pub(super) fn listen() -> anyhow::Result<Self> {
        for (number, name) in ignored() {
            // Tools that watch the process (valgrind) reserve a real-time signal for themselves.
            if let Err(error) = ignore(number, name) {
                warn!("{error:#}");
            }
        }
        let on = |kind| signal(kind).context("listening for signals");
        Ok(Self {
            reload: on(SignalKind::hangup())?,
            hand_over: on(SignalKind::user_defined2())?,
            end: EndSignals {
                terminate: on(SignalKind::terminate())?,
                interrupt: on(SignalKind::interrupt())?,
            },
        })
    }
}

/// Signals whose default action would end the process (signal(7)).
const IGNORED: [(i32, &str); 10] = [
    (3, "SIGQUIT"),
    (10, "SIGUSR1"),
    (14, "SIGALRM"),
    (16, "SIGSTKFLT"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (26, "SIGVTALRM"),
    (27, "SIGPROF"),
    (29, "SIGIO"),
    (30, "SIGPWR"),
];
/// Real-time signals; those before are glibc's own.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

fn ignored() -> impl Iterator<Item = (i32, Cow<'static, str>)> {
    let named = IGNORED.map(|(number, name)| (number, Cow::Borrowed(name)));
    let real_time = REAL_TIME.map(|number| (number, format!("signal {number}").into()));
    named.into_iter().chain(real_time)
}

fn ignore(number: i32, name: Cow<'static, str>) -> anyhow::Result<()> {
    let mut signals =
        signal(SignalKind::from_raw(number)).with_context(|| format!("listening for {name}"))?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            warn!(
                "{name} is ignored: SIGHUP reloads, SIGUSR2 hands over, SIGTERM ends; logs go to stdout and stderr"
            );
        }
    });
    Ok(())
}

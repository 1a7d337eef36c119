//! The signals of the process; every other signal that would end it is logged and ignored.
//!
//! A habit such as SIGUSR1 to reopen logs must not end the process. The default actions of crash
//! signals (SIGSEGV and others) and of SIGABRT, which systemd's watchdog sends, are unchanged.

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::warn;

/// The signals that a process handles besides SIGTERM and SIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// SIGHUP reloads, SIGUSR2 hands over.
    Service,
    /// None: a demo ends with its terminal.
    Demo,
}

/// The signals that the process handles.
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
    /// Waits for SIGTERM or SIGINT.
    pub(super) async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Signals {
    /// Installs the handlers, those of ignored signals included.
    ///
    /// # Errors
    /// When the system refuses the handler of a signal that is not ignored.
    pub(super) fn listen() -> anyhow::Result<Self> {
        for ignored in IgnoredSignal::all() {
            // A tool that runs the process (valgrind) may reserve a real-time signal.
            if let Err(error) = ignored.listen() {
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

/// Signals that end the process by default (signal(7)).
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
/// Real-time signals; glibc uses those before.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

/// A signal that is logged and ignored.
struct IgnoredSignal {
    number: i32,
    name: String,
}

impl IgnoredSignal {
    fn all() -> impl Iterator<Item = Self> {
        let named = IGNORED.map(|(number, name)| Self {
            number,
            name: name.to_owned(),
        });
        let real_time = REAL_TIME.map(|number| Self {
            number,
            name: format!("signal {number}"),
        });
        named.into_iter().chain(real_time)
    }

    fn listen(self) -> anyhow::Result<()> {
        let Self { number, name } = self;
        let signals = signal(SignalKind::from_raw(number));
        let mut signals = signals.with_context(|| format!("listening for {name}"))?;
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                warn!(
                    "{name} is ignored: SIGHUP reloads, SIGUSR2 hands over, SIGTERM ends; logs go to stdout and stderr"
                );
            }
        });
        Ok(())
    }
}

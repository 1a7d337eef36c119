//! The figures of a fault: visits of other sites without and with it, and the time to a signal.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use super::{Fault, LIMIT};
use crate::harness::print_figure;

/// The figures of one fault, over all rounds.
pub(super) struct Figures {
    fault: Fault,
    without: Vec<Duration>,
    with: Vec<Duration>,
    /// Time from each signal to its line in the journal.
    signals: Vec<Duration>,
}

impl Figures {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            without: Vec::new(),
            with: Vec::new(),
            signals: Vec::new(),
        }
    }

    /// Adds a round.
    ///
    /// # Panics
    /// If a request or a signal waited for the fault.
    pub(super) fn add(
        &mut self,
        without: Vec<Duration>,
        with: Vec<Duration>,
        signal: Option<Duration>,
    ) {
        let (fault, slowest) = (self.fault, p99(&with));
        assert!(slowest < LIMIT, "{fault:?}: {slowest:?}");
        assert!(
            signal.is_none_or(|signal| signal < LIMIT),
            "{fault:?}: signal after {signal:?}"
        );
        self.without.extend(without);
        self.with.extend(with);
        self.signals.extend(signal);
    }
}

impl Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (without, with) = (p99(&self.without), p99(&self.with));
        let ratio = with.as_secs_f64() / without.as_secs_f64();
        let signal = self.signals.iter().max().map(|longest| ms(*longest));
        write!(
            out,
            "{:28} {:>7} {:>7} {:>9} {:>9} {ratio:>6.2} {:>9}",
            format!("{:?}", self.fault),
            self.without.len(),
            self.with.len(),
            ms(without),
            ms(with),
            signal.unwrap_or_else(|| "-".to_owned()),
        )
    }
}

/// Prints the figures of all faults.
pub(super) fn print(figures: &[Figures]) {
    print_figure(format_args!(
        "{:28} {:>7} {:>7} {:>9} {:>9} {:>6} {:>9}",
        "fault", "visits", "with", "p99 ms", "with ms", "ratio", "signal ms"
    ));
    for figures in figures {
        print_figure(format_args!("{figures}"));
    }
}

/// The time that one of a hundred visits exceeds.
fn p99(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get(last * 99 / 100).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

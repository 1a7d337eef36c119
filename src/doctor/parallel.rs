//! Checks that run in parallel, up to a deadline.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::Finding;

/// A check that has not started.
pub(super) struct Check {
    subject: String,
    run: Box<dyn FnOnce() -> Vec<Finding> + Send>,
}

/// A check that runs in a thread of its own.
struct Running {
    subject: String,
    found: Receiver<Vec<Finding>>,
}

impl Check {
    pub(super) fn new(subject: &str, run: impl FnOnce() -> Vec<Finding> + Send + 'static) -> Self {
        Self {
            subject: subject.to_owned(),
            run: Box::new(run),
        }
    }

    fn start(self) -> Running {
        let (send, found) = mpsc::channel();
        let started = thread::Builder::new().spawn(move || {
            // After the deadline, the result has no receiver.
            let _ = send.send((self.run)());
        });
        // Without a thread, the sender is dropped, which is reported as an aborted check.
        drop(started);
        Running {
            subject: self.subject,
            found,
        }
    }
}

impl Running {
    fn outcome(self, deadline: Instant) -> Vec<Finding> {
        // A result that has arrived is taken even after the deadline.
        let left = deadline.saturating_duration_since(Instant::now());
        match self.found.recv_timeout(left.max(Duration::from_millis(1))) {
            Ok(found) => found,
            Err(RecvTimeoutError::Timeout) => vec![
                Finding::warn(self.subject, "this check did not end in time")
                    .cure("try again; a name server, disk or hub may be slow to respond"),
            ],
            Err(RecvTimeoutError::Disconnected) => vec![
                Finding::warn(self.subject, "this check was aborted")
                    .cure("report it, with the message above"),
            ],
        }
    }
}

/// Runs all checks and returns their findings in order; checks that miss the deadline go on alone.
pub(super) fn run_parallel(checks: Vec<Check>, deadline: Instant) -> Vec<Finding> {
    let running: Vec<_> = checks.into_iter().map(Check::start).collect();
    let outcomes = running
        .into_iter()
        .flat_map(|running| running.outcome(deadline));
    outcomes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn a_check_that_hangs_or_panics_costs_its_own_line_only() {
        let (_held, never) = mpsc::channel::<()>();
        let checks = vec![
            Check::new("slow", move || {
                let _ = never.recv();
                Vec::new()
            }),
            Check::new("broken", || panic!("a fault in a check")),
            Check::new("good", || vec![Finding::ok("good", "fine")]),
        ];
        let found = run_parallel(checks, soon());
        let lines = found.iter();
        let lines: Vec<_> = lines
            .map(|finding| (&*finding.subject, &*finding.cause))
            .collect();
        assert_eq!(lines[0], ("slow", "this check did not end in time"));
        assert_eq!(lines[1], ("broken", "this check was aborted"));
        assert_eq!(lines[2], ("good", "fine"));
    }
}

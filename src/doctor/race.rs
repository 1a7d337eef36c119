//! Checks that run at the same time, up to one moment.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::Finding;

/// Something to look at.
pub(super) struct Check {
    subject: String,
    look: Box<dyn FnOnce() -> Vec<Finding> + Send>,
}

impl Check {
    pub(super) fn new(subject: &str, look: impl FnOnce() -> Vec<Finding> + Send + 'static) -> Self {
        Self {
            subject: subject.to_owned(),
            look: Box::new(look),
        }
    }
}

/// What all checks find, in their order; those that have not ended at that moment are left alone.
pub(super) fn race(checks: Vec<Check>, until: Instant) -> Vec<Finding> {
    let started: Vec<_> = checks.into_iter().map(start).collect();
    let outcomes = started
        .into_iter()
        .flat_map(|(subject, found)| outcome(subject, &found, until));
    outcomes.collect()
}

fn start(check: Check) -> (String, Receiver<Vec<Finding>>) {
    let (send, found) = mpsc::channel();
    let started = thread::Builder::new().spawn(move || {
        // Nobody listens when it took too long.
        let _ = send.send((check.look)());
    });
    // Without a thread the sender is gone, and that is told as a check that broke off.
    drop(started);
    (check.subject, found)
}

fn outcome(subject: String, found: &Receiver<Vec<Finding>>, until: Instant) -> Vec<Finding> {
    // A result that is there is taken even when the time is over.
    let left = until.saturating_duration_since(Instant::now());
    match found.recv_timeout(left.max(Duration::from_millis(1))) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => vec![
            Finding::warn(subject, "this did not end in time")
                .cure("try again; a name server, disk or hub may be slow to answer"),
        ],
        Err(RecvTimeoutError::Disconnected) => vec![
            Finding::warn(subject, "this check broke off").cure("report it with what stands above"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn a_check_that_hangs_or_breaks_off_costs_its_own_line_only() {
        let (_held, never) = mpsc::channel::<()>();
        let checks = vec![
            Check::new("slow", move || {
                let _ = never.recv();
                Vec::new()
            }),
            Check::new("broken", || panic!("a fault in a check")),
            Check::new("good", || vec![Finding::ok("good", "fine")]),
        ];
        let found = race(checks, soon());
        let told: Vec<_> = found.iter().map(|it| (&*it.subject, &*it.cause)).collect();
        assert_eq!(told[0], ("slow", "this did not end in time"));
        assert_eq!(told[1], ("broken", "this check broke off"));
        assert_eq!(told[2], ("good", "fine"));
    }
}

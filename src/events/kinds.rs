//! The counts of events that are no requests, by kind.

use super::event::{CertificateStep, Event};
use crate::telemetry::counter::Counter;

/// The counts of events since the start, by kind.
#[derive(Debug, Default)]
pub struct Kinds([Counter; NAMES.len()]);

/// Names of the kinds in metrics.
const NAMES: [&str; 13] = [
    "password_failed",
    "back_off",
    "certificate_issued",
    "certificate_failed",
    "certificate_overdue",
    "hub_up",
    "hub_down",
    "reload",
    "reload_failed",
    "hand_over",
    "limit",
    "revocation",
    "start",
];

impl Kinds {
    /// Returns the name and count of each kind.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.into_iter().zip(self.0.iter().map(Counter::value))
    }

    pub(super) fn count(&self, event: &Event) {
        let position = event
            .kind()
            .and_then(|kind| NAMES.iter().position(|name| *name == kind));
        if let Some(counter) = position.and_then(|position| self.0.get(position)) {
            counter.add(1);
        }
    }
}

impl Event {
    /// Returns the name of the kind; none for those that counters of sites count.
    fn kind(&self) -> Option<&'static str> {
        Some(match self {
            Self::Entry(_) | Self::Refusal(_) | Self::Newcomer(_) => return None,
            Self::PasswordFailed { .. } => "password_failed",
            Self::BackOff { .. } => "back_off",
            Self::Certificate { step, .. } => match step {
                CertificateStep::Issued(_) => "certificate_issued",
                CertificateStep::Failed(_) => "certificate_failed",
                CertificateStep::Overdue => "certificate_overdue",
            },
            Self::Hub { up: true, .. } => "hub_up",
            Self::Hub { up: false, .. } => "hub_down",
            Self::Reload { fault: None } => "reload",
            Self::Reload { fault: Some(_) } => "reload_failed",
            Self::HandOver { .. } => "hand_over",
            Self::Limit { .. } => "limit",
            Self::Revocation { .. } => "revocation",
            Self::Start { .. } => "start",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_counted_by_its_kind() {
        let kinds = Kinds::default();
        kinds.count(&Event::Reload { fault: None });
        let fault = Some("x".to_owned());
        kinds.count(&Event::Reload { fault });
        kinds.count(&Event::HandOver { process: 7 });
        let counted: Vec<_> = kinds.counts().filter(|(_, count)| *count > 0).collect();
        assert_eq!(
            counted,
            [("reload", 1), ("reload_failed", 1), ("hand_over", 1)]
        );
    }
}

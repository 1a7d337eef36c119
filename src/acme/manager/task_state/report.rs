//! The report of a certificate for `hubgate cert status`.

use time::{Duration, OffsetDateTime};

use super::TaskState;
use crate::{
    acme::{
        manager::status::{CertificateReport, CertificateStatus, ReportedProblem},
        problem::Class,
        renewal::{Action, Schedule},
    },
    config::model::Host,
};

impl TaskState {
    /// Reports the certificate, its next step and its last problem.
    pub(crate) fn report(&self, schedule: &Schedule<'_>, hosts: &[Host]) -> CertificateReport {
        let now = schedule.now;
        let action = schedule.next_action();
        let served = self.served.as_ref();
        CertificateReport {
            name: self.name.clone(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            status: self.status(schedule, &action),
            issuer: served.and_then(|served| served.issuer.clone()),
            ends: served.map(|served| served.not_after),
            days_left: served.map(|served| whole_days(served.not_after - now)),
            next: self.next_step(&action).to_owned(),
            next_at: self.next_at(&action, schedule.due()),
            problem: self.problem(&action, now),
            undelivered: self.undelivered(),
        }
    }

    fn status(&self, schedule: &Schedule<'_>, action: &Action) -> CertificateStatus {
        match &self.served {
            None => CertificateStatus::Missing,
            Some(served) if served.not_after <= schedule.now => CertificateStatus::Ended,
            _ if schedule.is_overdue() => CertificateStatus::Overdue,
            _ if matches!(action, Action::Order(_)) => CertificateStatus::Due,
            _ if self.history.last_failure().is_some() => CertificateStatus::Due,
            _ => CertificateStatus::Valid,
        }
    }

    fn next_step(&self, action: &Action) -> &'static str {
        match action {
            Action::PollRenewalInfo => "asking the CA when to renew",
            Action::ClockWrong { .. } => "waiting for the right time",
            Action::Order(_) | Action::Wait { .. } => {
                if self.history.last_failure().is_some() {
                    "another try"
                } else if self.served.is_some() {
                    "renewal"
                } else {
                    "an order"
                }
            }
        }
    }

    /// Returns the moment of the next step; none if it is now or unknown.
    fn next_at(&self, action: &Action, due: OffsetDateTime) -> Option<OffsetDateTime> {
        let Action::Wait { until } = action else {
            return None;
        };
        // A wait may end earlier, for a poll of renewal information.
        Some(match self.history.last_failure() {
            Some(_) => *until,
            None => due.max(*until),
        })
    }

    fn problem(&self, action: &Action, now: OffsetDateTime) -> Option<ReportedProblem> {
        if let Action::ClockWrong { sentence } = action {
            return Some(ReportedProblem {
                at: now,
                class: Class::Local,
                sentence: sentence.clone(),
            });
        }
        let failure = self.history.last_failure()?;
        Some(ReportedProblem {
            at: failure.at,
            class: failure.problem.class,
            sentence: failure.sentence.clone(),
        })
    }

    fn undelivered(&self) -> Option<ReportedProblem> {
        let (at, sentence) = self.history.delivery()?.failure()?;
        Some(ReportedProblem {
            at,
            class: Class::Local,
            sentence: sentence.to_owned(),
        })
    }
}

fn whole_days(span: Duration) -> i64 {
    span.whole_seconds().div_euclid(24 * 3600)
}

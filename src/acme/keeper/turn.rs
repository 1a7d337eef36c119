//! A keeper's turn to order, under the limits of the account at the CA.

use std::time::Duration;

use time::OffsetDateTime;
use tracing::info;

use super::{Keeper, ordering::Wish, until_then};
use crate::{
    acme::{
        diagnosis,
        history::{Ca, Failure},
        order::Failed,
        pace::{Admission, Answer},
        problem::{Class, Problem},
    },
    telemetry::progress::Teller,
};

/// A limit of which the CA does not say when it ends.
const UNKNOWN_LIMIT: time::Duration = time::Duration::HOUR;

impl Keeper {
    /// Makes an order that is due, when the limits of the CA's account allow it.
    pub(super) async fn order_in_turn(&self, ca: Ca, now: OffsetDateTime) -> Duration {
        match self.shared.pace.admit(&self.ca(ca), &self.name, now) {
            Admission::Now => self.order_unless_asked().await,
            Admission::At(moment) => until_then(moment - now),
            Admission::Limited(problem) => {
                self.record_limit(ca, problem, now);
                Duration::ZERO
            }
        }
    }

    /// Takes up a limit of the account before an order that is due.
    pub(super) fn take_up_limit(&self, wish: Wish, ca: Ca) {
        let now = OffsetDateTime::now_utc();
        let limit = self.shared.pace.limit(&self.ca(ca), now);
        if let Some(problem) = limit.filter(|_| wish == Wish::Due) {
            self.record_limit(ca, problem, now);
        }
    }

    /// A limit of the account counts as if this certificate had been refused.
    fn record_limit(&self, ca: Ca, problem: Problem, now: OffsetDateTime) {
        let sentence = diagnosis::diagnose(&problem, None, &[]);
        let sentence = format!("{sentence}; other certificates of the account were refused");
        info!("{}: no certificate: {sentence}", self.name);
        let failure = Failure::new(now, problem, ca, None).told(sentence);
        self.record(|history| history.record_failure(failure));
    }

    /// Orders because it is due; a person's request breaks that off, as a crash would.
    async fn order_unless_asked(&self) -> Duration {
        let log = Teller::default();
        tokio::select! {
            pause = self.order(Wish::Due, &log) => pause,
            () = self.is_asked() => Duration::ZERO,
        }
    }

    /// Reports to the account what the CA's answer says of its limits.
    pub(super) fn report_limit(&self, ca: Ca, was_taken: bool, failed: Option<&Failed>) {
        let now = OffsetDateTime::now_utc();
        let limited = failed.filter(|failed| failed.problem.class == Class::RateLimited);
        let answer = match limited {
            Some(Failed { problem, .. }) => {
                let until = problem.retry_after.unwrap_or(now + UNKNOWN_LIMIT);
                Answer::Limited(problem, until)
            }
            None if was_taken => Answer::Taken,
            None => Answer::Other,
        };
        let ca = self.ca(ca);
        self.shared.pace.conclude(&ca, &self.name, &answer, now);
    }
}

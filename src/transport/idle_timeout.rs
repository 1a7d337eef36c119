//! An idle timeout. Its timer is set anew only after it has fired, or for an earlier end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// A timeout that each activity renews.
pub(crate) struct IdleTimeout {
    limit: Duration,
    /// The time of the last activity.
    since: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl IdleTimeout {
    /// A timeout that begins now.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            since: Instant::now(),
            timer: None,
        }
    }

    /// Renews the timeout with another limit.
    pub(crate) fn renew_with(&mut self, limit: Duration) {
        self.limit = limit;
        self.renew();
        if let Some(end) = self.since.checked_add(limit) {
            self.timer.take_if(|timer| timer.deadline() > end);
        }
    }

    /// Renews the timeout.
    pub(crate) fn renew(&mut self) {
        self.since = Instant::now();
    }

    /// Time since the last renewal.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// Ready once the limit has passed without a renewal.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            // The timer fires no later than the timeout ends, so the clock is not read before.
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(context));
            }
            let left = self.limit.saturating_sub(self.since.elapsed());
            if left.is_zero() {
                return Poll::Ready(());
            }
            self.timer = Some(Box::pin(sleep(left)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_shorter_limit_replaces_the_timer_of_a_longer_one() {
        let mut idle_timeout = IdleTimeout::new(Duration::from_secs(10));
        let waited = poll_fn(|context| idle_timeout.poll(context));
        let waited = tokio::time::timeout(Duration::from_secs(1), waited).await;
        assert!(waited.is_err(), "there is still time");
        let begun = Instant::now();
        idle_timeout.renew_with(Duration::from_secs(2));
        poll_fn(|context| idle_timeout.poll(context)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_activity_renews_the_timeout() {
        let begun = Instant::now();
        let mut idle_timeout = IdleTimeout::new(Duration::from_secs(10));
        let waited = poll_fn(|context| idle_timeout.poll(context));
        let waited = tokio::time::timeout(Duration::from_secs(7), waited).await;
        assert!(waited.is_err(), "there is still time");
        idle_timeout.renew();
        poll_fn(|context| idle_timeout.poll(context)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(17));
    }
}

//! The timeout of writes, which bounds how slowly a client takes a response.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// The time for which writes may wait. Bytes that the client takes earn more time.
pub(crate) struct WriteTimeout {
    left: Duration,
    /// The begin of the current wait, and the timer of its end.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

/// Time for which a write may wait at most.
const MOST_WAIT: Duration = Duration::from_secs(60);
/// Bytes that earn one second, and so the slowest pace of a response in bytes per second.
const SLOWEST: u32 = 128;

impl Default for WriteTimeout {
    fn default() -> Self {
        Self {
            left: MOST_WAIT,
            wait: None,
        }
    }
}

impl WriteTimeout {
    /// Adds the time that written bytes earn.
    pub(crate) fn earn(&mut self, bytes: usize) {
        if self.wait.is_none() && self.left == MOST_WAIT {
            return;
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1) * bytes / SLOWEST;
        self.end_wait();
        self.left = self.left.saturating_add(earned).min(MOST_WAIT);
    }

    fn end_wait(&mut self) {
        if let Some((begun, _)) = self.wait.take() {
            self.left = self.left.saturating_sub(begun.elapsed());
        }
    }

    /// Passes on the result of a write; `TimedOut` once writes have waited for too long.
    pub(crate) fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.end_wait();
            return written;
        }
        let left = self.left;
        let begin = || (Instant::now(), Box::pin(sleep(left)));
        let (_, timer) = self.wait.get_or_insert_with(begin);
        timer
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_write_without_progress_times_out() {
        let mut write_timeout = WriteTimeout::default();
        let begun = Instant::now();
        for _ in 0..3 {
            let waited = poll_fn(|context| write_timeout.watch::<()>(context, Poll::Pending));
            let waited = tokio::time::timeout(MOST_WAIT / 2, waited).await;
            assert!(waited.is_err(), "there is still time");
            write_timeout.earn(8 * 1024);
            poll_fn(|context| write_timeout.watch(context, Poll::Ready(Ok(1))))
                .await
                .unwrap();
        }
        let ended = poll_fn(|context| write_timeout.watch::<()>(context, Poll::Pending)).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed(), MOST_WAIT * 5 / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn writes_to_a_client_that_takes_single_bytes_time_out() {
        let mut write_timeout = WriteTimeout::default();
        let begun = Instant::now();
        let dripping = async {
            loop {
                let waited = poll_fn(|context| write_timeout.watch::<()>(context, Poll::Pending));
                match tokio::time::timeout(MOST_WAIT / 6, waited).await {
                    Ok(ended) => return ended,
                    Err(_) => write_timeout.earn(1),
                }
            }
        };
        assert_eq!(dripping.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() < MOST_WAIT * 2);
    }
}

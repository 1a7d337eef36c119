//! How slowly a peer may take what is sent to it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// The time for which writes may wait for the peer: what it takes earns more.
pub(crate) struct WriteTimeout {
    left: Duration,
    /// When the wait began, and its end.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

/// How long a client may take no byte.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that earn a second: below that pace on the whole, an answer is cut.
const SLOWEST: u32 = 128;

impl Default for WriteTimeout {
    fn default() -> Self {
        Self {
            left: PATIENCE,
            wait: None,
        }
    }
}

impl WriteTimeout {
    /// Notes that the peer took so many bytes.
    pub(crate) fn earn(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1) * bytes / SLOWEST;
        self.end_wait();
        self.left = self.left.saturating_add(earned).min(PATIENCE);
    }

    fn end_wait(&mut self) {
        if let Some((begun, _)) = self.wait.take() {
            self.left = self.left.saturating_sub(begun.elapsed());
        }
    }

    /// What became of a write: an error once it has waited for too long.
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
    async fn only_a_write_without_any_progress_is_ended() {
        let mut write_timeout = WriteTimeout::default();
        let begun = Instant::now();
        for _ in 0..3 {
            let waited = poll_fn(|context| write_timeout.watch::<()>(context, Poll::Pending));
            let waited = tokio::time::timeout(PATIENCE / 2, waited).await;
            assert!(waited.is_err(), "there is still time");
            write_timeout.earn(8 * 1024);
            poll_fn(|context| write_timeout.watch(context, Poll::Ready(Ok(1))))
                .await
                .unwrap();
        }
        let ended = poll_fn(|context| write_timeout.watch::<()>(context, Poll::Pending)).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed(), PATIENCE * 5 / 2);
    }
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_byte_now_and_then_is_ended() {
        let mut write_timeout = WriteTimeout::default();
        let begun = Instant::now();
        let dripping = async {
            loop {
                let waited = poll_fn(|context| write_timeout.watch::<()>(context, Poll::Pending));
                match tokio::time::timeout(PATIENCE / 6, waited).await {
                    Ok(ended) => return ended,
                    Err(_) => write_timeout.earn(1),
                }
            }
        };
        assert_eq!(dripping.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() < PATIENCE * 2);
    }
}

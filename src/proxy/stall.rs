//! How long a peer may take nothing of what is sent to it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// Runs while a write waits for the peer.
#[derive(Default)]
pub(super) struct Stall(Option<Pin<Box<Sleep>>>);

/// How long a client may take no byte.
const PATIENCE: Duration = Duration::from_secs(60);

impl Stall {
    /// What became of a write: an error once it has waited for too long.
    pub(super) fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.0 = None;
            return written;
        }
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
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
        let mut stall = Stall::default();
        let begun = tokio::time::Instant::now();
        for _ in 0..3 {
            let waited = poll_fn(|context| stall.watch::<()>(context, Poll::Pending));
            let waited = tokio::time::timeout(PATIENCE / 2, waited).await;
            assert!(waited.is_err(), "there is still time");
            poll_fn(|context| stall.watch(context, Poll::Ready(Ok(1))))
                .await
                .unwrap();
        }
        let ended = poll_fn(|context| stall.watch::<()>(context, Poll::Pending)).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed(), PATIENCE * 5 / 2);
    }
}

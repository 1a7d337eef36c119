//! The end of a grant, awaited by its exchange.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

/// The end of a grant, awaited by its exchange and nothing else.
#[derive(Default)]
pub(crate) struct End {
    has_come: AtomicBool,
    waker: AtomicWaker,
}

impl End {
    /// Wakes the exchange.
    pub(crate) fn come(&self) {
        self.has_come.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it has come.
    pub(crate) fn has_come(&self) -> bool {
        self.has_come.load(Ordering::Acquire)
    }

    /// Ready once the end has come.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        if self.has_come() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use super::*;

    #[tokio::test]
    async fn the_end_wakes_the_exchange_that_waits_for_it() {
        let end = Arc::new(End::default());
        let waiting = tokio::spawn({
            let end = end.clone();
            async move { poll_fn(|context| end.poll(context)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        end.come();
        waiting.await.unwrap();
        poll_fn(|context| end.poll(context)).await;
    }
}

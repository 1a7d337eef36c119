//! The end of a grant, which its request awaits.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

/// The end of a grant. Only one task awaits it, that of the request.
#[derive(Default)]
pub(crate) struct End {
    is_set: AtomicBool,
    waker: AtomicWaker,
}

impl End {
    /// Ends the grant and wakes its request.
    pub(crate) fn set(&self) {
        self.is_set.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Reports whether the grant has ended.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }

    /// Ready once the grant has ended.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        if self.is_set() {
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
    async fn the_end_of_a_grant_wakes_its_request() {
        let end = Arc::new(End::default());
        let waiting = tokio::spawn({
            let end = end.clone();
            async move { poll_fn(|context| end.poll(context)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        end.set();
        waiting.await.unwrap();
        poll_fn(|context| end.poll(context)).await;
    }
}

//! The count of open streams on a connection.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

/// The count of open streams on a connection.
#[derive(Clone, Default)]
pub(super) struct Active(Arc<Count>);

/// An open stream, counted until dropped.
pub(super) struct ActiveStream(Active);

#[derive(Default)]
struct Count {
    open: AtomicUsize,
    /// Wakes the connection's task, the only one that waits.
    none: AtomicWaker,
}

impl Active {
    /// Counts one more stream.
    pub(super) fn enter(&self) -> ActiveStream {
        self.0.open.fetch_add(1, Ordering::AcqRel);
        ActiveStream(self.clone())
    }

    /// Waits until no stream is open.
    pub(super) async fn none(&self) {
        poll_fn(|context| self.poll_none(context)).await;
    }

    fn poll_none(&self, context: &Context<'_>) -> Poll<()> {
        self.0.none.register(context.waker());
        match self.0.open.load(Ordering::Acquire) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

impl Drop for ActiveStream {
    fn drop(&mut self) {
        let Count { open, none } = &*self.0.0;
        if open.fetch_sub(1, Ordering::AcqRel) == 1 {
            none.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_the_last_stream_wakes_the_connection() {
        let active = Active::default();
        active.none().await;
        let (first, last) = (active.enter(), active.enter());
        let waiting = tokio::spawn({
            let active = active.clone();
            async move { active.none().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(last);
        waiting.await.unwrap();
    }
}

//! A signal that is raised once, to connections.
//!
//! Every request reads it, which takes no lock. A task that waits again and again registers its
//! waker once.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A signal, raised once; clones are the same signal.
#[derive(Clone, Debug, Default)]
pub struct Signal(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_raised: AtomicBool,
    token: CancellationToken,
}

/// Waits for a signal, in one task.
pub struct Waiter {
    signal: Signal,
    registered: Option<Registered>,
}

struct Registered {
    waker: Waker,
    _future: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Signal {
    /// Raises the signal and wakes the waiting tasks.
    pub fn raise(&self) {
        self.0.is_raised.store(true, Ordering::Release);
        self.0.token.cancel();
    }

    /// Reports whether the signal was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.is_raised.load(Ordering::Acquire)
    }

    /// Waits until the signal is raised.
    pub async fn raised(&self) {
        let mut waiter = self.waiter();
        poll_fn(|context| waiter.poll(context)).await;
    }

    /// A waiter for repeated waits in one task.
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        Waiter {
            signal: self.clone(),
            registered: None,
        }
    }
}

impl Waiter {
    /// Ready once the signal is raised.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.signal.is_raised() {
            return Poll::Ready(());
        }
        let registered = self.registered.as_ref();
        if registered.is_some_and(|registered| registered.waker.will_wake(context.waker())) {
            return Poll::Pending;
        }
        let token = self.signal.0.token.clone();
        let mut future = Box::pin(token.cancelled_owned());
        let raised = future.as_mut().poll(context);
        self.registered = Some(Registered {
            waker: context.waker().clone(),
            _future: future,
        });
        raised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_wakes_a_task_whose_waiter_was_polled_elsewhere_before() {
        let signal = Signal::default();
        let mut waiter = signal.waiter();
        let elsewhere =
            poll_fn(|_| Poll::Ready(waiter.poll(&mut Context::from_waker(Waker::noop()))));
        assert!(elsewhere.await.is_pending());
        let waiting = tokio::spawn(async move {
            for _ in 0..3 {
                let polled = poll_fn(|context| Poll::Ready(waiter.poll(context))).await;
                assert!(polled.is_pending());
            }
            poll_fn(|context| waiter.poll(context)).await;
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        signal.raise();
        waiting.await.unwrap();
        assert!(signal.is_raised());
        signal.raised().await;
    }
}

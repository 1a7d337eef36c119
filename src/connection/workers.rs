//! Workers: serving threads, one per core, each with its own runtime.
//!
//! A connection stays on one worker from its handshake to its end, so that no step of a request
//! waits for another core.

use std::{
    io,
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tokio::runtime::{Builder, Handle};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{file_access, telemetry::counter::Gauge};

/// The serving threads, which end on drop together with their tasks.
pub struct Workers {
    workers: Vec<Worker>,
    /// First candidate for the next connection.
    next: AtomicUsize,
    _stop: DropGuard,
}

struct Worker {
    runtime: Handle,
    connections: Gauge,
}

impl Workers {
    /// Starts one worker per core that is available to the process.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be started.
    pub fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let stop = CancellationToken::new();
        let workers = (0..cores).map(|number| Worker::start(number, stop.clone()));
        Ok(Self {
            workers: workers.collect::<io::Result<_>>()?,
            next: AtomicUsize::new(0),
            _stop: stop.drop_guard(),
        })
    }

    /// Runs a connection on the worker with the fewest connections.
    pub(super) fn spawn(
        &self,
        tasks: &TaskTracker,
        connection: impl Future<Output = ()> + Send + 'static,
    ) {
        let Some(worker) = self.least_busy() else {
            return;
        };
        let counted = worker.connections.enter();
        let running = async move {
            connection.await;
            drop(counted);
        };
        tasks.spawn_on(running, &worker.runtime);
    }

    /// Returns the worker with the fewest connections; equal ones take turns.
    fn least_busy(&self) -> Option<&Worker> {
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.workers.len();
        let (before, after) = self.workers.split_at(first);
        let workers = after.iter().chain(before);
        workers.min_by_key(|worker| worker.connections.value())
    }
}

impl Worker {
    fn start(number: usize, stop: CancellationToken) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let thread = thread::Builder::new().name(format!("worker-{number}"));
        thread.spawn(move || {
            file_access::mark_as_serving();
            runtime.block_on(stop.cancelled());
            // Does not wait for a task that a dead disk blocks.
            runtime.shutdown_background();
        })?;
        Ok(Self {
            runtime: handle,
            connections: Gauge::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    #[test]
    fn connections_are_balanced_and_stay_on_their_thread() {
        let workers = Workers {
            workers: (0..3)
                .map(|number| Worker::start(number, CancellationToken::new()).unwrap())
                .collect(),
            next: AtomicUsize::new(0),
            _stop: CancellationToken::new().drop_guard(),
        };
        let (sender, threads) = mpsc::channel();
        let (tasks, release) = (TaskTracker::new(), CancellationToken::new());
        for _ in 0..6 {
            let (sender, release) = (sender.clone(), release.clone());
            workers.spawn(&tasks, async move {
                let before = thread::current().id();
                sender.send(before).unwrap();
                release.cancelled().await;
                sender.send(thread::current().id()).unwrap();
            });
        }
        let mut begun: Vec<_> = threads.iter().take(6).collect();
        let counts = workers.workers.iter();
        let counts = counts.map(|worker| worker.connections.value());
        assert_eq!(counts.collect::<Vec<_>>(), [2, 2, 2]);
        release.cancel();
        let mut ended: Vec<_> = threads.iter().take(6).collect();
        let key = |thread: &thread::ThreadId| format!("{thread:?}");
        begun.sort_by_key(key);
        ended.sort_by_key(key);
        assert_eq!(begun, ended);
    }
}

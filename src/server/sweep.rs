//! A sweep refreshes the values of all files; a file on a dead disk delays its own values only.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    file_access::FileAccess,
    sites::file_watch::{FileWatch, Refreshed},
};

/// The sweeps of a process, one at a time, with the changes that no caller has taken yet.
pub(super) struct Sweeps {
    files: FileAccess,
    found: Arc<Mutex<Refreshed>>,
    running: tokio::sync::Mutex<()>,
}

/// One sweep: each thread takes the next value until all are taken.
struct Sweep {
    watches: Vec<Arc<FileWatch>>,
    next: AtomicUsize,
    found: Arc<Mutex<Refreshed>>,
}

/// Time after which a blocked thread is left to its value and another one continues.
const THREAD_LIMIT: Duration = Duration::from_millis(200);

impl Sweeps {
    pub(super) fn new(files: FileAccess) -> Self {
        Self {
            files,
            found: Arc::default(),
            running: tokio::sync::Mutex::default(),
        }
    }

    /// Refreshes all values and returns the changes.
    ///
    /// A value on a dead disk keeps its thread; a later sweep returns its change.
    pub(super) async fn run(&self, watches: Vec<Arc<FileWatch>>) -> Refreshed {
        let _lock = self.running.lock().await;
        let sweep = Arc::new(Sweep {
            watches,
            next: AtomicUsize::new(0),
            found: self.found.clone(),
        });
        while !sweep.is_complete() && self.advance(&sweep).await {}
        std::mem::take(&mut *lock(&self.found))
    }

    /// Refreshes values on one thread until it ends or is blocked; returns false without a thread.
    async fn advance(&self, sweep: &Arc<Sweep>) -> bool {
        let work = sweep.clone();
        let mut working = pin!(self.files.run(move || work.work()));
        loop {
            let before = sweep.position();
            match timeout(THREAD_LIMIT, &mut working).await {
                Ok(worked) => return worked.is_ok(),
                Err(_) if sweep.position() == before => return true,
                Err(_) => {}
            }
        }
    }
}

impl Sweep {
    fn work(&self) {
        while let Some(watch) = self.watches.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(refreshed) = watch.refresh() {
                lock(&self.found).merge(refreshed);
            }
        }
    }

    fn position(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    fn is_complete(&self) -> bool {
        self.position() >= self.watches.len()
    }
}

fn lock(found: &Mutex<Refreshed>) -> MutexGuard<'_, Refreshed> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_blocked_value_delays_no_other_and_is_returned_later() {
        let sweeps = Sweeps::new(FileAccess::with_deadline());
        let (release, held) = channel::<()>();
        let held = Mutex::new(held);
        let stuck = FileWatch::new(move || {
            held.lock().unwrap().recv().ok();
            Refreshed::without_line(true)
        });
        let free = || Arc::new(FileWatch::new(|| Refreshed::without_line(true)));
        let watches = vec![free(), Arc::new(stuck), free()];
        for _ in 0..3 {
            assert!(sweeps.run(watches.clone()).await.has_changed);
        }
        assert!(watches[1].refresh().is_none(), "one thread at a time");
        assert!(!sweeps.run(vec![watches[1].clone()]).await.has_changed);
        release.send(()).unwrap();
        let taken_up = async {
            while !sweeps.run(Vec::new()).await.has_changed {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), taken_up).await.unwrap();
    }
}

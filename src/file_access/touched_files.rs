//! The files that threads touch, and those without an answer.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tracing::{error, info};

use super::{DEADLINE, Fault, MOST};

/// The files that threads touch.
#[derive(Default)]
pub(super) struct TouchedFiles {
    held: Mutex<HashMap<PathBuf, Held>>,
    freed: Condvar,
    /// Number of the next job.
    jobs: AtomicU64,
}

/// The job that touches a file.
struct Held {
    job: u64,
    since: Instant,
    reported: bool,
}

impl TouchedFiles {
    /// The number of a new job.
    ///
    /// # Errors
    /// When too many threads are left behind.
    pub(super) fn next_job(&self) -> Result<u64, Fault> {
        let held = self.held();
        let mut stuck = held.iter().filter(|(_, held)| held.is_stuck());
        if let Some((file, _)) = stuck.nth(MOST - 1) {
            return Err(Fault::TooMany(file.clone()));
        }
        Ok(self.jobs.fetch_add(1, Ordering::Relaxed))
    }

    /// Waits until no other thread touches the file.
    pub(super) fn hold(&self, file: &Path, job: u64) -> io::Result<()> {
        let mut held = self.held();
        while let Some(other) = held.get(file) {
            let left = DEADLINE.saturating_sub(other.since.elapsed());
            if left.is_zero() {
                let fault = Fault::Unanswered(file.to_owned());
                return Err(io::Error::new(io::ErrorKind::TimedOut, fault));
            }
            let waited = self.freed.wait_timeout(held, left);
            held = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let since = Instant::now();
        let new = Held {
            job,
            since,
            reported: false,
        };
        held.insert(file.to_owned(), new);
        Ok(())
    }

    pub(super) fn free(&self, file: &Path) {
        let freed = self.held().remove(file);
        self.freed.notify_all();
        if freed.is_some_and(|held| held.reported) {
            info!("{} answers again", file.display());
        }
    }

    pub(super) fn must_answer(&self, job: u64) -> Result<(), Fault> {
        let held = self.held();
        let mut stuck = held
            .iter()
            .filter(|(_, held)| held.job == job && held.is_stuck());
        match stuck.next() {
            Some((file, _)) => Err(Fault::Unanswered(file.clone())),
            None => Ok(()),
        }
    }

    /// Notes that a file answered.
    pub(super) fn answered(&self, file: &Path) {
        if let Some(held) = self.held().get_mut(file) {
            held.since = Instant::now();
        }
    }

    /// Logs the files without an answer, each once until it answers.
    pub(super) fn report(&self) {
        for (file, held) in self.held().iter_mut() {
            if held.is_stuck() && !std::mem::replace(&mut held.reported, true) {
                let fault = Fault::Unanswered(file.clone());
                error!("{fault}; what was read before stays in use");
            }
        }
    }

    /// The files without an answer.
    pub(super) fn unanswered(&self) -> Vec<Fault> {
        let held = self.held();
        let stuck = held.iter().filter(|(_, held)| held.is_stuck());
        stuck
            .map(|(file, _)| Fault::Unanswered(file.clone()))
            .collect()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<PathBuf, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn is_stuck(&self) -> bool {
        self.since.elapsed() >= DEADLINE
    }
}

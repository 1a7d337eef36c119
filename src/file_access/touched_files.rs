//! The files that jobs access, and those without an answer.

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

use super::{DEADLINE, Fault, MAX_UNANSWERED};

/// The files that jobs access.
#[derive(Default)]
pub(super) struct TouchedFiles {
    held: Mutex<HashMap<PathBuf, Held>>,
    freed: Condvar,
    /// Number of the next job.
    jobs: AtomicU64,
}

/// The job that accesses a file, since its last answer.
struct Held {
    job: u64,
    since: Instant,
    reported: bool,
}

impl TouchedFiles {
    /// Returns the number of a new job.
    ///
    /// # Errors
    /// 64 files have not answered.
    pub(super) fn next_job(&self) -> Result<u64, Fault> {
        let held = self.held();
        let mut stuck = held.iter().filter(|(_, held)| held.is_stuck());
        if let Some((file, _)) = stuck.nth(MAX_UNANSWERED - 1) {
            return Err(Fault::TooMany(file.clone()));
        }
        Ok(self.jobs.fetch_add(1, Ordering::Relaxed))
    }

    /// Marks a file, after waiting until no other job accesses it.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if the other job has waited for the deadline.
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

    /// Removes the mark of a file.
    pub(super) fn free(&self, file: &Path) {
        let freed = self.held().remove(file);
        self.freed.notify_all();
        if freed.is_some_and(|held| held.reported) {
            info!("{} answers again", file.display());
        }
    }

    /// Returns an error if the job's file does not answer.
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

    /// Restarts the deadline of a file.
    pub(super) fn answered(&self, file: &Path) {
        if let Some(held) = self.held().get_mut(file) {
            held.since = Instant::now();
        }
    }

    /// Logs each file without an answer once, until it answers.
    pub(super) fn report(&self) {
        for (file, held) in self.held().iter_mut() {
            if held.is_stuck() && !std::mem::replace(&mut held.reported, true) {
                let fault = Fault::Unanswered(file.clone());
                error!("{fault}; what was read before stays in use");
            }
        }
    }

    /// Returns the files without an answer.
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

//! File access on blocking threads, with a deadline of five seconds for each file.
//!
//! A dead network drive can block a thread forever. A job runs on a blocking thread
//! ([`FileAccess::run`]) and marks each file that it accesses ([`begin`]). If a file does not
//! answer, the wait ends with an error that names it, and the thread is left behind. Until it
//! returns, other jobs are refused the same file, so that a file blocks at most one thread.

mod touched_files;

use std::{
    cell::RefCell,
    io,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};

use self::touched_files::TouchedFiles;

/// Runs file work on blocking threads; the default value runs it on the calling thread.
#[derive(Clone, Default)]
pub struct FileAccess(Option<Arc<TouchedFiles>>);

/// A failed wait for a file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file returned neither data nor an error.
    #[error("{}: no answer for {} s: check the disk or network drive that it is on", .0.display(), DEADLINE.as_secs())]
    Unanswered(PathBuf),
    /// Too many threads wait for files already.
    #[error("{MAX_UNANSWERED} files have not answered, {} among them: check their disk or network drive", .0.display())]
    TooMany(PathBuf),
    /// The process is shutting down.
    #[error("the process ends")]
    Ending,
}

/// The work of one thread, and the file it accesses.
struct Job {
    touched_files: Arc<TouchedFiles>,
    number: u64,
    touched: Option<PathBuf>,
}

thread_local! {
    static JOB: RefCell<Option<Job>> = const { RefCell::new(None) };
    static IS_SERVING: RefCell<bool> = const { RefCell::new(false) };
}

/// Time in which a file must answer.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// Most files without an answer, each of which blocks a thread.
const MAX_UNANSWERED: usize = 64;
/// Interval between two checks of a job's file.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Marks the calling thread as a worker, which must not access files (a debug assertion).
pub fn mark_as_serving() {
    IS_SERVING.set(true);
}

/// Marks a file as accessed by this thread's job until the value is dropped.
///
/// A nested call, or one outside of a job, marks nothing.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] if another thread has waited for the same file for the deadline.
pub fn begin(file: &Path) -> io::Result<Access> {
    let job = JOB.with_borrow(|job| {
        let job = job.as_ref()?;
        job.touched
            .is_none()
            .then(|| (job.touched_files.clone(), job.number))
    });
    let Some((shared, number)) = job else {
        let is_serving =
            IS_SERVING.with_borrow(|serving| *serving) && JOB.with_borrow(Option::is_none);
        debug_assert!(
            !is_serving,
            "{} is accessed on a thread that serves requests",
            file.display()
        );
        return Ok(Access { marked: false });
    };
    shared.hold(file, number)?;
    JOB.with_borrow_mut(|job| {
        if let Some(job) = job {
            job.touched = Some(file.to_owned());
        }
    });
    Ok(Access { marked: true })
}

/// Restarts the deadline of this thread's file after a step of several.
pub fn answered() {
    JOB.with_borrow(|job| {
        let touched = job
            .as_ref()
            .and_then(|job| Some((job, job.touched.as_ref()?)));
        if let Some((job, file)) = touched {
            job.touched_files.answered(file);
        }
    });
}

/// A file that this thread accesses.
pub struct Access {
    marked: bool,
}

impl Access {
    /// Reports whether other jobs wait for the file.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.marked
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        if !self.marked {
            return;
        }
        JOB.with_borrow_mut(|job| {
            if let Some(job) = job
                && let Some(file) = job.touched.take()
            {
                job.touched_files.free(&file);
            }
        });
    }
}

impl FileAccess {
    /// Runs work on blocking threads with deadlines.
    #[must_use]
    pub fn with_deadline() -> Self {
        Self(Some(Arc::default()))
    }

    /// Runs file work on a blocking thread of the runtime.
    ///
    /// # Errors
    /// A file does not answer; the work continues when it does.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let Some(shared) = &self.0 else {
            return Ok(work());
        };
        let job = Job::new(shared)?;
        let number = job.number;
        let mut running = spawn_blocking(move || job.run(work));
        loop {
            match timeout(POLL_INTERVAL, &mut running).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(ended)) if ended.is_panic() => resume_unwind(ended.into_panic()),
                Ok(Err(_)) => return Err(Fault::Ending),
                Err(_) => shared.must_answer(number)?,
            }
        }
    }

    /// Runs file work on a new thread, and blocks the calling thread; within a job, runs it there.
    ///
    /// # Errors
    /// As [`FileAccess::run`].
    pub fn wait<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let in_job = JOB.with_borrow(Option::is_some);
        let Some(shared) = self.0.as_ref().filter(|_| !in_job) else {
            return Ok(work());
        };
        let job = Job::new(shared)?;
        let number = job.number;
        let (done, result) = sync_channel(1);
        let thread = thread::Builder::new().name("file".to_owned());
        let started = thread.spawn(move || done.send(job.run(work)).ok());
        let started = started.map_err(|_| Fault::Ending)?;
        loop {
            match result.recv_timeout(POLL_INTERVAL) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) => shared.must_answer(number)?,
                Err(RecvTimeoutError::Disconnected) => {
                    return match started.join() {
                        Err(panicked) => resume_unwind(panicked),
                        Ok(_) => Err(Fault::Ending),
                    };
                }
            }
        }
    }

    /// Logs each file without an answer once, until it answers.
    pub fn report(&self) {
        if let Some(touched) = &self.0 {
            touched.report();
        }
    }

    /// Returns the files without an answer.
    #[must_use]
    pub fn unanswered(&self) -> Vec<Fault> {
        let touched = self.0.as_ref();
        touched
            .map(|touched| touched.unanswered())
            .unwrap_or_default()
    }
}

impl Job {
    fn new(touched_files: &Arc<TouchedFiles>) -> Result<Self, Fault> {
        Ok(Self {
            number: touched_files.next_job()?,
            touched_files: touched_files.clone(),
            touched: None,
        })
    }

    fn run<T>(self, work: impl FnOnce() -> T) -> T {
        JOB.set(Some(self));
        let _guard = JobGuard;
        work()
    }
}

/// Removes the job from the thread, also after a panic.
struct JobGuard;

impl Drop for JobGuard {
    fn drop(&mut self) {
        JOB.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn work_within_the_deadline_returns_its_value() {
        let files = FileAccess::with_deadline();
        let value = files.run(|| begin(Path::new("a")).map(|_| 7)).await;
        assert_eq!(value.unwrap().unwrap(), 7);
        assert_eq!(files.wait(|| 8).unwrap(), 8);
    }

    #[tokio::test]
    async fn file_without_an_answer_is_named_and_blocks_one_thread_only() {
        let files = FileAccess::with_deadline();
        let (release, held) = channel::<()>();
        let touch = move || {
            let _access = begin(Path::new("stuck"));
            held.recv().ok();
        };
        let fault = files.run(touch).await.unwrap_err();
        assert!(fault.to_string().starts_with("stuck: no answer"), "{fault}");
        assert_eq!(files.unanswered()[0].to_string(), fault.to_string());
        let again = files.run(|| begin(Path::new("stuck")).err()).await.unwrap();
        assert_eq!(again.unwrap().kind(), io::ErrorKind::TimedOut);
        let other = files.run(|| begin(Path::new("other")).is_ok()).await;
        assert!(other.unwrap());
        release.send(()).unwrap();
        let freed = async {
            while files
                .run(|| begin(Path::new("stuck")).is_err())
                .await
                .unwrap()
            {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), freed).await.unwrap();
    }
}

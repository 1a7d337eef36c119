//! The task of the history: records queued events, collects counts each minute and writes the file
//! every 15 minutes and at the end.
//!
//! During a hand-over, the new process owns the file once the old one accepts no more connections.
//! Until then it writes its records as a part, and so does the old one from the start of the new
//! one on; the owner merges parts each minute.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{info, warn};

use crate::{
    events::{
        Events, Queue,
        history::{HistoryFile, Unsaved},
    },
    file_access::FileAccess,
    http::proxy::Proxy,
};

/// The running task.
pub(super) struct HistoryTask {
    keeper: Arc<Keeper>,
    end: CancellationToken,
    task: Mutex<Option<AbortOnDropHandle<()>>>,
}

struct Keeper {
    events: Arc<Events>,
    files: FileAccess,
    file: HistoryFile,
    /// Held during a write.
    writing: Mutex<Failing>,
}

/// The last fault of the file, which is logged once.
#[derive(Default)]
struct Failing(Option<String>);

/// Interval of the collections.
const MINUTE: u64 = 60;
/// Shortest time between two writes; limits the wear of memory cards.
const WRITE_INTERVAL: Duration = Duration::from_secs(15 * 60);
/// Time for the last write.
const LAST_WRITE: Duration = Duration::from_secs(2);

impl HistoryTask {
    /// Starts the task. The file belongs to this process once `alone` is cancelled.
    pub(super) fn start(
        proxy: &Proxy,
        files: FileAccess,
        queue: Queue,
        alone: CancellationToken,
    ) -> Self {
        let keeper = Arc::new(Keeper {
            events: proxy.events.clone(),
            files,
            file: HistoryFile::new(&proxy.sites().config.state),
            writing: Mutex::default(),
        });
        if !alone.is_cancelled() {
            drop(keeper.events.history.begin_part());
        }
        let end = CancellationToken::new();
        let task = tokio::spawn(keeper.clone().run(queue, alone, end.clone()));
        Self {
            keeper,
            end,
            task: Mutex::new(Some(AbortOnDropHandle::new(task))),
        }
    }

    /// Writes all records and begins a part, before another process starts.
    pub(super) async fn begin_part(&self) {
        let keeper = &self.keeper;
        let mut failing = keeper.writing.lock().await;
        keeper.collect();
        let unsaved = keeper.events.history.begin_part();
        keeper.save(unsaved, &mut failing).await;
    }

    /// Collects the counts and merges the parts of other processes, before the history is read.
    pub(super) async fn refresh(&self) {
        self.keeper.collect();
        self.keeper.merge_parts().await;
    }

    /// Records the last events, writes them and ends the task.
    pub(super) async fn end(&self) {
        self.end.cancel();
        let mut running = self.task.lock().await;
        if let Some(task) = running.as_mut()
            && timeout(LAST_WRITE, task).await.is_err()
        {
            warn!("the last minutes of the history were not written in time");
        }
        *running = None;
    }
}

impl Keeper {
    async fn run(
        self: Arc<Self>,
        mut queue: Queue,
        alone: CancellationToken,
        end: CancellationToken,
    ) {
        let mut written = Instant::now();
        let mut is_owner = alone.is_cancelled();
        let mut minute = Box::pin(sleep(Duration::ZERO));
        loop {
            tokio::select! {
                biased;
                () = end.cancelled() => break,
                () = alone.cancelled(), if !is_owner => {
                    is_owner = true;
                    self.events.history.end_part();
                }
                () = &mut minute => {
                    self.collect();
                    self.merge_parts().await;
                    if written.elapsed() >= WRITE_INTERVAL {
                        self.write().await;
                        written = Instant::now();
                    }
                    minute.set(sleep(until_next_minute()));
                }
                Some(queued) = queue.next() => self.events.record(queued),
            }
        }
        while let Some(queued) = queue.next_queued() {
            self.events.record(queued);
        }
        self.collect();
        self.write().await;
    }

    fn collect(&self) {
        let events = &self.events;
        events
            .history
            .collect(&events.sites, OffsetDateTime::now_utc());
    }

    /// Writes new records; a failure is logged once until a write succeeds.
    async fn write(&self) {
        let mut failing = self.writing.lock().await;
        if let Some(unsaved) = self.events.history.take_unsaved() {
            self.save(unsaved, &mut failing).await;
        }
    }

    async fn save(&self, unsaved: Unsaved, failing: &mut Failing) {
        let file = self.file.clone();
        let saved = self.files.run(move || file.save(unsaved)).await;
        let fault = match saved {
            Ok(Ok(())) => None,
            Ok(Err((fault, part))) => {
                self.events.history.restore(part, OffsetDateTime::now_utc());
                Some(fault.to_string())
            }
            // The thread writes what it has once the disk answers.
            Err(fault) => {
                self.events.history.restore(None, OffsetDateTime::now_utc());
                Some(fault.to_string())
            }
        };
        failing.note(fault, &self.file);
    }

    /// Merges the parts of other processes, if this one owns the file.
    async fn merge_parts(&self) {
        if !self.events.history.is_owner() {
            return;
        }
        let mut failing = self.writing.lock().await;
        let (file, events) = (self.file.clone(), self.events.clone());
        let merged = self
            .files
            .run(move || file.merge_parts(&events.history))
            .await;
        if let Some(fault) = match merged {
            Ok(merged) => merged.err().map(|fault| fault.to_string()),
            Err(fault) => Some(fault.to_string()),
        } {
            failing.note(Some(fault), &self.file);
        }
    }
}

impl Failing {
    fn note(&mut self, fault: Option<String>, file: &HistoryFile) {
        let path = file.path();
        match &fault {
            None if self.0.is_some() => info!("{}: written again", path.display()),
            Some(fault) if self.0.as_ref() != Some(fault) => warn!(
                "{}: the history is in memory only, until a write succeeds: {fault}",
                path.display()
            ),
            _ => {}
        }
        self.0 = fault;
    }
}

/// Returns the time to the next minute of the clock, at least a second.
fn until_next_minute() -> Duration {
    let second = OffsetDateTime::now_utc()
        .unix_timestamp()
        .rem_euclid(MINUTE as i64);
    Duration::from_secs(MINUTE - second as u64)
}

//! The history: counts by minute, hour and day, visitors, last entries and refusals.
//!
//! One process owns the file in the state folder. During a hand-over, each process also collects
//! its records since then in a part: the old one while it drains, the new one until it is the owner.
//! A part is a file of its own, which the owner merges once and removes.

mod codec;
mod encoded;
mod file;
pub mod records;
pub mod ring;
pub mod visitors;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;

pub(crate) use self::file::HistoryFile;
use self::{
    records::{Records, seconds},
    ring::Key,
};
use super::{
    Queued,
    event::Record,
    site_counters::{Cell, SiteCounters, SiteTable, Totals},
};
use crate::clock;

/// The history of a process.
#[derive(Default)]
pub struct History(Mutex<State>);

#[derive(Default)]
struct State {
    /// All records.
    whole: Records,
    /// The records since the last part, if another process owns the file.
    part: Option<Records>,
    /// Time after which addresses are forgotten; none if they are not stored.
    addresses: Option<Duration>,
    /// The counters at the last collection.
    collected: HashMap<Arc<str>, Totals>,
    is_unsaved: bool,
}

/// Records to write.
pub(crate) enum Unsaved {
    /// All records, encoded.
    Whole(Vec<u8>),
    /// The records of a part.
    Part(Box<Records>),
}

impl History {
    /// Sets the time after which addresses are forgotten; with none they are not stored.
    pub fn keep_addresses(&self, time: Option<Duration>) {
        self.lock().addresses = time;
    }

    /// Calls `read` with all records.
    pub fn read<T>(&self, read: impl FnOnce(&Records) -> T) -> T {
        read(&self.lock().whole)
    }

    /// Begins with the records of the file.
    pub(crate) fn load(&self, records: Records) {
        self.lock().whole = records;
    }

    /// Records a queued event; returns it with the events that follow from it.
    pub(super) fn record(&self, queued: Queued) -> Vec<Record> {
        let mut state = self.lock();
        let keeps_address = state.addresses.is_some();
        state.is_unsaved |= !matches!(queued, Queued::Other(_));
        match queued {
            Queued::Other(record) => vec![record],
            Queued::Visit(visit) => {
                let records = state.whole.visit(visit.clone(), keeps_address);
                if let Some(part) = &mut state.part {
                    part.follow(visit, keeps_address, !records.is_empty());
                }
                records
            }
            Queued::Refused(refused) => {
                if let Some(part) = &mut state.part {
                    part.refuse(refused.clone(), keeps_address);
                }
                vec![state.whole.refuse(refused, keeps_address)]
            }
        }
    }

    /// Adds the counts of requests since the last collection, and forgets old addresses. With an
    /// implausible clock, the counts wait for a plausible one.
    pub(crate) fn collect(&self, sites: &SiteTable, now: OffsetDateTime) {
        if clock::is_implausible(now) {
            return;
        }
        let mut state = self.lock();
        let ended = sites.retire();
        for site in sites.counting().iter().chain(&ended) {
            state.collect(site, seconds(now));
        }
        for site in ended {
            state.collected.remove(site.name());
        }
        let before = state
            .addresses
            .map_or(u64::MAX, |time| seconds(now).saturating_sub(time.as_secs()));
        state.whole.forget(before);
    }

    /// Begins a part, since another process owns the file from now on, and returns all records
    /// before it.
    pub(crate) fn begin_part(&self) -> Unsaved {
        let mut state = self.lock();
        state.part = Some(Records::default());
        state.is_unsaved = false;
        Unsaved::Whole(state.whole.encode())
    }

    /// Ends the part: this process owns the file.
    pub(crate) fn end_part(&self) {
        let mut state = self.lock();
        state.part = None;
        state.is_unsaved = true;
    }

    /// Reports whether this process owns the file.
    pub(crate) fn is_owner(&self) -> bool {
        self.lock().part.is_none()
    }

    /// Takes the records to write, if there are new ones.
    pub(crate) fn take_unsaved(&self) -> Option<Unsaved> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.is_unsaved) {
            return None;
        }
        Some(match &mut state.part {
            Some(part) => Unsaved::Part(Box::new(std::mem::take(part))),
            None => Unsaved::Whole(state.whole.encode()),
        })
    }

    /// Takes back records that could not be written.
    pub(crate) fn restore(&self, unsaved: Option<Box<Records>>, now: OffsetDateTime) {
        let mut state = self.lock();
        state.is_unsaved = true;
        if let Some(records) = unsaved
            && let Some(part) = &mut state.part
        {
            part.merge(*records, seconds(now));
        }
    }

    /// Adds the part of another process, unless it was added before.
    pub(crate) fn merge(&self, id: u64, part: Records, now: OffsetDateTime) {
        let mut state = self.lock();
        if !state.whole.merged.contains(&id) {
            state.whole.merge(part, seconds(now));
            state.whole.mark_merged(id);
            state.is_unsaved = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds the counts of a site since the last collection.
    fn collect(&mut self, site: &SiteCounters, now: u64) {
        let totals = site.totals();
        let last = self.collected.remove(site.name()).unwrap_or_default();
        let sum = |cell| totals.get(cell) - last.get(cell);
        let requests = totals.requests() - last.requests();
        let sent = totals.get(Cell::SENT) / 1024 - last.get(Cell::SENT) / 1024;
        let all = [(Key::REQUESTS, requests), (Key::SENT, sent)].into_iter();
        for (key, count) in all.chain(Key::counted().map(|(key, cell)| (key, sum(cell)))) {
            if count > 0 {
                self.is_unsaved = true;
                let records = self.part.iter_mut().chain([&mut self.whole]);
                records.for_each(|records| records.count(site.name(), key, count, now));
            }
        }
        self.collected.insert(site.name().into(), totals);
    }
}

#[cfg(test)]
mod tests;

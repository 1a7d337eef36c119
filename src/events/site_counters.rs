//! The counters of requests by site, and the table of the sites.
//!
//! Each counter is exact. A site has one set of counters for each of a few groups of threads, so
//! that two cores rarely write to the same cache line.

mod cell;

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

pub use self::cell::{BUCKETS, Cell, MethodClass, Protocol, STATUSES, status_name};
use crate::telemetry::counter::Gauge;

/// The counters of one site.
#[derive(Debug)]
pub struct SiteCounters {
    name: Arc<str>,
    shards: Vec<Shard>,
}

/// The counters of one group of threads.
#[derive(Debug)]
#[repr(align(64))]
struct Shard([AtomicU64; Cell::COUNT]);

/// The values of all counters of a site, or of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals(Vec<u64>);

/// The counters of all sites.
#[derive(Debug)]
pub struct SiteTable {
    /// Counts requests without a site.
    pub none: Arc<SiteCounters>,
    /// Requests that have not ended.
    pub in_flight: Gauge,
    sites: Mutex<Sites>,
}

#[derive(Debug, Default)]
struct Sites {
    current: Vec<Arc<SiteCounters>>,
    /// Sites of earlier configurations whose requests may not have ended.
    removed: Vec<Arc<SiteCounters>>,
    /// The counts of sites of earlier configurations.
    retired: Totals,
}

/// Name of the counters of requests without a site.
pub const NO_SITE: &str = "-";
/// Groups of threads.
const SHARDS: usize = 4;

thread_local! {
    /// The group of this thread.
    static SHARD: usize = {
        let mut hasher = DefaultHasher::new();
        thread::current().id().hash(&mut hasher);
        hasher.finish() as usize % SHARDS
    };
}

impl SiteCounters {
    fn new(name: Arc<str>) -> Self {
        let shards = std::iter::repeat_with(Shard::default).take(SHARDS);
        Self {
            name,
            shards: shards.collect(),
        }
    }

    /// Returns the first host of the site.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds to counters.
    pub(super) fn add(&self, amounts: impl IntoIterator<Item = (Cell, u64)>) {
        if let Some(shard) = self.shards.get(SHARD.with(|shard| *shard)) {
            for (cell, amount) in amounts {
                shard.add(cell, amount);
            }
        }
    }

    /// Reads all counters.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        totals.add(self);
        totals
    }
}

impl Shard {
    fn add(&self, cell: Cell, amount: u64) {
        if amount > 0
            && let Some(counter) = self.0.get(cell.index())
        {
            counter.fetch_add(amount, Ordering::Relaxed);
        }
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; Cell::COUNT])
    }
}

impl Totals {
    /// Returns the value of one counter.
    #[must_use]
    pub fn get(&self, cell: Cell) -> u64 {
        self.0.get(cell.index()).copied().unwrap_or_default()
    }

    /// Returns the sum of the requests of a class of status, from 1 to 5.
    #[must_use]
    pub fn class(&self, class: u16) -> u64 {
        let is_of_class = |status: u16| status == class || (status >= 100 && status / 100 == class);
        let cells = Cell::requests().filter(|((.., status), _)| is_of_class(*status));
        cells.map(|(_, cell)| self.get(cell)).sum()
    }

    /// Returns the number of requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        Cell::requests().map(|(_, cell)| self.get(cell)).sum()
    }

    fn add(&mut self, site: &SiteCounters) {
        for shard in &site.shards {
            for (total, counter) in self.0.iter_mut().zip(&shard.0) {
                *total = total.wrapping_add(counter.load(Ordering::Relaxed));
            }
        }
    }
}

impl Default for Totals {
    fn default() -> Self {
        Self(vec![0; Cell::COUNT])
    }
}

impl SiteTable {
    /// Returns the counters of the site with this name, as a part of the current configuration.
    #[must_use]
    pub fn counters(&self, name: &Arc<str>) -> Arc<SiteCounters> {
        let mut sites = self.lock();
        let all = sites.current.iter().chain(&sites.removed);
        if let Some(found) = all.into_iter().find(|site| site.name == *name) {
            return found.clone();
        }
        let new = Arc::new(SiteCounters::new(name.clone()));
        sites.current.push(new.clone());
        new
    }

    /// Makes the named sites the current ones. The others count no more once their requests have
    /// ended.
    pub fn keep(&self, names: &[Arc<str>]) {
        let mut sites = self.lock();
        let mut all = std::mem::take(&mut sites.current);
        all.append(&mut sites.removed);
        let is_current = |site: &Arc<SiteCounters>| names.contains(&site.name);
        (sites.current, sites.removed) = all.into_iter().partition(is_current);
    }

    /// Returns the counters of the current sites and of requests without a site.
    #[must_use]
    pub fn current(&self) -> Vec<Arc<SiteCounters>> {
        let mut all = self.lock().current.clone();
        all.push(self.none.clone());
        all
    }

    /// Returns the counters of all sites that may still count.
    pub(crate) fn counting(&self) -> Vec<Arc<SiteCounters>> {
        let mut all = self.current();
        all.extend(self.lock().removed.iter().cloned());
        all
    }

    /// Adds the counts of removed sites whose requests have ended to those of earlier
    /// configurations, and returns these sites.
    pub(crate) fn retire(&self) -> Vec<Arc<SiteCounters>> {
        let mut sites = self.lock();
        let removed = std::mem::take(&mut sites.removed).into_iter();
        let (counting, ended) = removed.partition(|site| Arc::strong_count(site) > 1);
        sites.removed = counting;
        let ended: Vec<_> = ended;
        ended.iter().for_each(|site| sites.retired.add(site));
        ended
    }

    /// Returns the sums of the counters of all sites since the start.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let sites = self.lock();
        let mut totals = sites.retired.clone();
        let all = sites.current.iter().chain(&sites.removed);
        all.chain([&self.none]).for_each(|site| totals.add(site));
        totals
    }

    fn lock(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SiteTable {
    fn default() -> Self {
        Self {
            none: Arc::new(SiteCounters::new(NO_SITE.into())),
            in_flight: Gauge::default(),
            sites: Mutex::default(),
        }
    }
}

#[cfg(test)]
pub(super) use self::tests::count_for_test;
#[cfg(test)]
mod tests;

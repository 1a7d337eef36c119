//! The records of the history: counts by site, visitors, last entries and refusals.

use std::{collections::VecDeque, time::Duration};

use time::OffsetDateTime;

use super::{
    ring::{Count, Key, Rings},
    visitors::{self, News, Sighting, Visitors},
};
use crate::events::{
    event::{Entry, Event, Kind, Newcomer, Record, Refusal},
    visit::{NAME, RefusedRequest, Visit, bounded},
};

/// The records of one process, or of several.
#[derive(Default)]
pub struct Records {
    /// Counts by site.
    pub rings: Rings,
    /// Persons, devices and addresses.
    pub visitors: Visitors,
    /// The last entries, the oldest first.
    pub entries: VecDeque<(OffsetDateTime, Entry)>,
    /// The last refusals, by client, site and reason; the one with the oldest request first.
    pub refusals: VecDeque<(OffsetDateTime, Refusal)>,
    /// Names of the sites by the index in `rings`, from 1 on.
    pub(super) names: SiteNames,
    /// The parts of other processes that are in these records, the oldest first.
    pub(super) merged: VecDeque<u64>,
}

/// The names of the sites in the rings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SiteNames(Vec<String>);

/// Entries, and refusals, at most.
pub(super) const MOST: usize = 60;
/// Merged parts that are remembered, since their files may still exist.
pub(super) const MOST_MERGED: usize = 16;
/// Time in which refusals of a client for the same reason are one.
const GROUP: Duration = Duration::from_secs(3600);

impl Records {
    /// Returns the name of the site with an index in the rings; none for several sites.
    #[must_use]
    pub fn site_name(&self, index: u8) -> Option<&str> {
        let at = usize::from(index).checked_sub(1)?;
        self.names.0.get(at).map(String::as_str)
    }

    /// Returns the last entries and refusals in the order of their times.
    #[must_use]
    pub fn latest(&self, most: usize) -> Vec<Record> {
        let record = |at: &OffsetDateTime, event| Record { at: *at, event };
        let entries = self.entries.iter();
        let entries = entries.map(|(at, entry)| record(at, Event::Entry(entry.clone())));
        let refusals = self.refusals.iter();
        let refusals = refusals.map(|(at, refusal)| record(at, Event::Refusal(refusal.clone())));
        let mut all: Vec<_> = entries.chain(refusals).collect();
        all.sort_by_key(|record| record.at);
        all.drain(..all.len().saturating_sub(most));
        all
    }

    /// Records a visitor; returns the entry and the newcomers in it.
    pub(super) fn visit(&mut self, visit: Visit, keeps_address: bool) -> Vec<Record> {
        let (at, sighting) = (visit.at, visit.sighting(keeps_address));
        let mut news = Vec::new();
        for key in visit.keys(keeps_address) {
            news.push((key.clone(), self.visitors.see(key, sighting)));
        }
        let is_entry = news.iter().any(|(_, news)| *news != News::Nothing);
        let mut records: Vec<_> = news
            .into_iter()
            .filter_map(|(key, news)| visit.newcomer(key, news))
            .collect();
        if is_entry {
            let entry = visit.into_entry(keeps_address);
            push(&mut self.entries, (at, entry.clone()));
            records.insert(0, Event::Entry(entry));
        }
        let records = records.into_iter();
        records.map(|event| Record { at, event }).collect()
    }

    /// Records a visitor in a part; `is_entry` is known from all records.
    pub(super) fn follow(&mut self, visit: Visit, keeps_address: bool, is_entry: bool) {
        let (at, sighting) = (visit.at, visit.sighting(keeps_address));
        for key in visit.keys(keeps_address) {
            self.visitors.follow(key, sighting, is_entry);
        }
        if is_entry {
            push(&mut self.entries, (at, visit.into_entry(keeps_address)));
        }
    }

    /// Records a refused request; returns the refusal with those before it.
    pub(super) fn refuse(&mut self, refused: RefusedRequest, keeps_address: bool) -> Record {
        let RefusedRequest { at, mut refusal } = refused;
        refusal.address = refusal.address.filter(|_| keeps_address);
        self.add_refusal(at, refusal.clone());
        let last = self.refusals.back().map(|(_, refusal)| refusal.clone());
        Record {
            at,
            event: Event::Refusal(last.unwrap_or(refusal)),
        }
    }

    /// Adds a refusal to that of the same client, site and reason within an hour.
    fn add_refusal(&mut self, at: OffsetDateTime, mut refusal: Refusal) {
        let same = self.refusals.iter().position(|(last, other)| {
            let is_near = (at - *last).unsigned_abs() < GROUP;
            is_near
                && (other.address, &other.site, other.reason)
                    == (refusal.address, &refusal.site, refusal.reason)
        });
        if let Some((_, before)) = same.and_then(|at| self.refusals.remove(at)) {
            refusal.times = refusal.times.saturating_add(before.times);
            refusal.first = refusal.first.min(before.first);
        }
        push(&mut self.refusals, (at, refusal));
    }

    /// Adds a count of a site.
    pub(super) fn count(&mut self, site: &str, key: Key, count: u64, now: u64) {
        let site = self.site_index(site);
        self.rings.add(now, now, Count { site, key, count });
    }

    /// Adds the records of another process.
    pub(super) fn merge(&mut self, other: Self, now: u64) {
        let names = other.names.0.iter();
        let mut sites = vec![0];
        sites.extend(names.map(|name| self.site_index(name)));
        self.rings.merge(&other.rings, now, &sites);
        for (key, visitor) in other.visitors.latest() {
            self.visitors.merge(key.clone(), visitor.clone());
        }
        self.entries.extend(other.entries);
        self.entries.make_contiguous().sort_by_key(|(at, _)| *at);
        shorten(&mut self.entries);
        for (at, refusal) in other.refusals {
            self.add_refusal(at, refusal);
        }
        self.refusals.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    /// Remembers that a part is in these records.
    pub(super) fn mark_merged(&mut self, part: u64) {
        self.merged.push_back(part);
        let excess = self.merged.len().saturating_sub(MOST_MERGED);
        self.merged.drain(..excess);
    }

    /// Forgets the addresses before a time in seconds since 1970.
    pub(super) fn forget(&mut self, before: u64) {
        self.visitors.forget(before);
        for (at, entry) in &mut self.entries {
            entry.address = entry.address.filter(|_| seconds(*at) >= before);
        }
        for (at, refusal) in &mut self.refusals {
            refusal.address = refusal.address.filter(|_| seconds(*at) >= before);
        }
    }

    /// Returns the index of a site in the rings; 0 if there are too many.
    fn site_index(&mut self, name: &str) -> u8 {
        let rings = &self.rings;
        self.names.index(name, |index| {
            let all = [&rings.minutes, &rings.hours, &rings.days];
            let mut slots = all.into_iter().flat_map(|ring| ring.filled());
            slots.any(|slot| slot.counts.iter().any(|count| count.site == index))
        })
    }
}

impl SiteNames {
    /// Sites with counts of their own at most; removed sites use theirs until they age out.
    pub(super) const MOST: usize = 64;

    pub(super) fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    pub(super) fn all(&self) -> &[String] {
        &self.0
    }

    /// Returns the index of a name, from 1 on; a new name takes one that is not in use. 0 without
    /// a free one, or for an empty name.
    fn index(&mut self, name: &str, is_used: impl Fn(u8) -> bool) -> u8 {
        if name.is_empty() {
            return 0;
        }
        let name = bounded(name, NAME);
        if let Some(at) = self.0.iter().position(|known| *known == name) {
            return at as u8 + 1;
        }
        if self.0.len() < Self::MOST {
            self.0.push(name);
            return self.0.len() as u8;
        }
        let free = (1..=Self::MOST as u8).find(|index| !is_used(*index));
        let Some(index) = free else { return 0 };
        self.0[usize::from(index) - 1] = name;
        index
    }
}

impl Visit {
    fn sighting(&self, keeps_address: bool) -> Sighting {
        Sighting {
            at: seconds(self.at),
            factors: self.factors,
            address: keeps_address.then_some(self.address),
        }
    }

    /// Returns the keys of the visitors; an address is none if addresses are not stored.
    fn keys(&self, keeps_address: bool) -> Vec<visitors::Key> {
        let all = self.visitors().into_iter();
        let stored = all.filter(|(kind, _)| keeps_address || *kind != Kind::Address);
        stored
            .map(|(kind, name)| visitors::Key { kind, name })
            .collect()
    }

    fn newcomer(&self, key: visitors::Key, news: News) -> Option<Event> {
        let is_named = key.kind != Kind::Address;
        let is_news = matches!(news, News::First | News::NewNetwork);
        (is_named && is_news).then(|| {
            Event::Newcomer(Newcomer {
                kind: key.kind,
                name: key.name,
                is_known: news == News::NewNetwork,
                address: self.address,
                site: self.site.clone(),
            })
        })
    }
}

/// Returns a time in seconds since 1970; 0 before it.
pub(super) fn seconds(at: OffsetDateTime) -> u64 {
    u64::try_from(at.unix_timestamp()).unwrap_or_default()
}

fn push<T>(list: &mut VecDeque<T>, item: T) {
    list.push_back(item);
    shorten(list);
}

fn shorten<T>(list: &mut VecDeque<T>) {
    let excess = list.len().saturating_sub(MOST);
    list.drain(..excess);
}

//! Counts by site in rings of minutes, hours and days.
//!
//! A slot belongs to the number of its minute, hour or day since 1970 (UTC) and is cleared when
//! another one needs it. So a jump of the clock damages no more than the slots that it touches.

use crate::events::{factors::Factors, reason::Reason, site_counters::Cell};

/// Counts in rings of 1,440 minutes, 720 hours and 400 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rings {
    /// Counts by minute.
    pub minutes: Ring,
    /// Counts by hour.
    pub hours: Ring,
    /// Counts by day.
    pub days: Ring,
}

/// Counts by a span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Seconds of a slot.
    seconds: u64,
    /// Counts in a slot at most, besides the coarse ones.
    most: usize,
    slots: Vec<Slot>,
}

/// The counts of one minute, hour or day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Number of the slot since 1970.
    pub number: u64,
    /// The counts.
    pub counts: Vec<Count>,
}

/// One count of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Index of the site's name; 0 for several sites.
    pub site: u8,
    /// The counted property.
    pub key: Key,
    /// The count.
    pub count: u64,
}

/// A counted property of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u8);

const FIRST_REASON: usize = 8;
const REASONS_END: usize = FIRST_REASON + Reason::ALL.len();

impl Key {
    /// Requests.
    pub const REQUESTS: Self = Self(200);
    /// Kibibytes of content sent to clients.
    pub const SENT: Self = Self(201);
    /// Requests that were let in, in a full slot.
    pub const ANY_ENTRY: Self = Self(202);
    /// Requests without a response of a hub, in a full slot.
    pub const ANY_REASON: Self = Self(203);

    /// Requests that were let in with a set of factors.
    #[must_use]
    pub fn entry(factors: Factors) -> Self {
        Self(factors.number() as u8)
    }

    /// Requests without a response of a hub, for a reason.
    #[must_use]
    pub fn reason(reason: Reason) -> Self {
        Self((FIRST_REASON + reason.number()) as u8)
    }

    /// Returns the key with a number; none for that of another version.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        let is_known = number < REASONS_END as u64 || (200..=203).contains(&number);
        is_known.then_some(Self(number as u8))
    }

    /// Returns the number in the file.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns the key that counts several ones in a full slot.
    fn coarse(self) -> Self {
        match usize::from(self.0) {
            ..FIRST_REASON => Self::ANY_ENTRY,
            FIRST_REASON..REASONS_END => Self::ANY_REASON,
            _ => self,
        }
    }

    /// Returns the keys of the history with their cells in a site's counters.
    pub(super) fn counted() -> impl Iterator<Item = (Self, Cell)> {
        let sets = (0..Factors::SETS).map(Factors::from_number);
        let entries = sets.map(|factors| (Self::entry(factors), Cell::entry(factors)));
        let reasons = Reason::ALL.into_iter();
        let reasons = reasons.map(|reason| (Self::reason(reason), Cell::reason(reason)));
        entries.chain(reasons)
    }
}

impl Rings {
    /// Adds a count at a time, in seconds since 1970; `now` is the current time.
    pub(super) fn add(&mut self, at: u64, now: u64, count: Count) {
        for ring in [&mut self.minutes, &mut self.hours, &mut self.days] {
            ring.add(at / ring.seconds, now / ring.seconds, count);
        }
    }

    /// Adds the counts of other rings, whose sites have these indices here.
    pub(super) fn merge(&mut self, other: &Self, now: u64, sites: &[u8]) {
        self.minutes.merge(&other.minutes, now, sites);
        self.hours.merge(&other.hours, now, sites);
        self.days.merge(&other.days, now, sites);
    }
}

impl Default for Rings {
    fn default() -> Self {
        Self {
            minutes: Ring::new(60, 1440, 8),
            hours: Ring::new(3600, 720, 16),
            days: Ring::new(24 * 3600, 400, 24),
        }
    }
}

impl Ring {
    fn new(seconds: u64, slots: usize, most: usize) -> Self {
        Self {
            seconds,
            most,
            slots: vec![Slot::default(); slots],
        }
    }

    /// Returns the slots up to a time in seconds since 1970, the oldest first; slots without
    /// requests are left out.
    #[must_use]
    pub fn until(&self, now: u64) -> Vec<&Slot> {
        let (last, length) = (now / self.seconds, self.slots.len() as u64);
        let is_shown = |slot: &&Slot| {
            !slot.counts.is_empty() && slot.number <= last && slot.number + length > last
        };
        let mut shown: Vec<_> = self.slots.iter().filter(is_shown).collect();
        shown.sort_by_key(|slot| slot.number);
        shown
    }

    /// Returns all slots with counts, in the order of their numbers.
    pub(super) fn filled(&self) -> Vec<&Slot> {
        let filled = self.slots.iter().filter(|slot| !slot.counts.is_empty());
        let mut filled: Vec<_> = filled.collect();
        filled.sort_by_key(|slot| slot.number);
        filled
    }

    /// Returns the number of slots.
    pub(super) fn length(&self) -> usize {
        self.slots.len()
    }

    /// Returns the most counts in a slot, the coarse ones included.
    pub(super) fn most_counts(&self) -> usize {
        self.most + COARSE
    }

    /// Restores a slot of the file.
    pub(super) fn put(&mut self, slot: Slot) {
        if let Some(place) = self.place(slot.number) {
            *place = slot;
        }
    }

    fn add(&mut self, number: u64, now: u64, count: Count) {
        let most = self.most;
        let Some(slot) = self.place(number) else {
            return;
        };
        // A newer slot stays, unless the clock was wrong when it was filled.
        if slot.number > number && slot.number <= now {
            return;
        }
        if slot.number != number {
            *slot = Slot {
                number,
                counts: Vec::new(),
            };
        }
        slot.add(count, most);
    }

    fn merge(&mut self, other: &Self, now: u64, sites: &[u8]) {
        let now = now / self.seconds;
        for slot in other.filled() {
            for count in &slot.counts {
                let site = sites.get(usize::from(count.site)).copied();
                let site = site.unwrap_or_default();
                self.add(slot.number, now, Count { site, ..*count });
            }
        }
    }

    fn place(&mut self, number: u64) -> Option<&mut Slot> {
        let length = self.slots.len() as u64;
        self.slots.get_mut((number % length) as usize)
    }
}

/// Coarse counts of a full slot.
const COARSE: usize = 4;

impl Slot {
    /// Returns the sum of the counts with a property.
    #[must_use]
    pub fn sum(&self, is_counted: impl Fn(&Count) -> bool) -> u64 {
        let counted = self.counts.iter().filter(|count| is_counted(count));
        counted.map(|count| count.count).sum()
    }

    fn add(&mut self, count: Count, most: usize) {
        let fits = self.counts.len() < most;
        if self.add_to(count, fits) {
            return;
        }
        let coarse = Count {
            site: 0,
            key: count.key.coarse(),
            ..count
        };
        self.add_to(coarse, true);
    }

    /// Adds to an existing count, otherwise a new one if `fits` is set.
    fn add_to(&mut self, count: Count, fits: bool) -> bool {
        let mut counts = self.counts.iter_mut();
        match counts.find(|other| other.site == count.site && other.key == count.key) {
            Some(found) => found.count = found.count.saturating_add(count.count),
            None if fits => self.counts.push(count),
            None => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests;

//! A bounded map that evicts the entries inserted longest ago.
//!
//! It has two generations, each of half the capacity: an entry is inserted into the younger one,
//! and when that is full, the older one is dropped. So an insertion costs the same in a full map.

use std::{collections::HashMap, hash::Hash, mem};

/// A map of at most `capacity` entries; at least the latest half of them stays.
pub(super) struct RecentMap<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> RecentMap<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            half: capacity / 2,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Inserts an entry as the latest.
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
impl<K, V> RecentMap<K, V> {
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_half_stays_and_an_entry_inserted_again_is_the_latest() {
        let mut recent = RecentMap::new(8);
        for key in 0..100_u32 {
            recent.insert(key, key);
            recent.insert(1000, key);
            assert!(recent.len() <= 8);
            let present = (key.saturating_sub(2)..=key).all(|key| recent.get(&key) == Some(&key));
            assert!(present, "{key}");
            assert_eq!(recent.get(&1000), Some(&key));
        }
        assert_eq!(recent.get(&0), None);
        recent.remove(&99);
        assert_eq!(recent.get(&99), None);
    }
}

//! A bounded map that evicts the entries inserted longest ago.
//!
//! It has two generations, each of half the capacity: an entry is inserted into the younger one,
//! and when that is full, the older one is dropped. So an insertion costs the same in a full map.

use std::{collections::HashMap, hash::Hash, mem};

/// A map of at most `capacity` entries; at least the latest half of them stays.
pub(crate) struct RecentMap<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> RecentMap<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            half: capacity / 2,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Inserts an entry as the latest.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Returns an entry with its own key.
    pub(crate) fn get_entry(&self, key: &K) -> Option<(&K, &V)> {
        let young = self.young.get_key_value(key);
        young.or_else(|| self.old.get_key_value(key))
    }

    /// Removes an entry and returns it.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        self.young.remove(key).or_else(|| self.old.remove(key))
    }

    /// Returns all entries in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }

    /// Removes the entries for which `stays` returns false.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&K, &mut V) -> bool) {
        self.young.retain(&mut stays);
        self.old.retain(stays);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
impl<K, V> RecentMap<K, V> {
    pub(crate) fn len(&self) -> usize {
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

//! A map that keeps the entries last written and forgets the oldest.
//!
//! Two generations, each of half the capacity: what is written goes into the younger, and when
//! that is full the older is dropped whole. So a full map costs no more than an empty one.

use std::{collections::HashMap, mem};

/// At most `capacity` values by keyed hash; at least the last half of that is kept.
pub(super) struct Recent<V> {
    half: usize,
    young: HashMap<u64, V>,
    old: HashMap<u64, V>,
}

impl<V: Copy> Recent<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            half: capacity / 2,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    pub(super) fn value(&self, key: u64) -> Option<V> {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    /// Writes a value, which is now the youngest.
    pub(super) fn insert(&mut self, key: u64, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: u64) {
        self.young.remove(&key);
        self.old.remove(&key);
    }
}

#[cfg(test)]
impl<V> Recent<V> {
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_half_is_kept_and_what_is_written_again_is_young() {
        let mut recent = Recent::new(8);
        for key in 0..100 {
            recent.insert(key, key);
            recent.insert(1000, key);
            assert!(recent.len() <= 8);
            let kept = (key.saturating_sub(2)..=key).all(|key| recent.value(key) == Some(key));
            assert!(kept, "{key}");
            assert_eq!(recent.value(1000), Some(key));
        }
        assert_eq!(recent.value(0), None);
        recent.remove(99);
        assert_eq!(recent.value(99), None);
    }
}

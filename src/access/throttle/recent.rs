//! A map that keeps the entries last written and forgets the oldest.

use std::collections::HashMap;

use tokio::time::Instant;

/// At most `capacity` values by keyed hash.
pub(super) struct Recent<V> {
    capacity: usize,
    entries: HashMap<u64, (Instant, V)>,
}

impl<V: Copy> Recent<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::new(),
        }
    }

    pub(super) fn value(&self, key: u64) -> Option<V> {
        self.entries.get(&key).map(|(_, value)| *value)
    }

    /// Writes a value; when the map is full, the one written longest ago goes.
    pub(super) fn insert(&mut self, key: u64, value: V, at: Instant) {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.evict();
        }
        self.entries.insert(key, (at, value));
    }

    pub(super) fn remove(&mut self, key: u64) {
        self.entries.remove(&key);
    }

    fn evict(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, (at, _))| *at);
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
impl<V> Recent<V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let start = Instant::now();
        let mut recent = Recent::new(2);
        for (key, second) in [(1, 0), (2, 1), (1, 2), (3, 3)] {
            recent.insert(key, key, start + Duration::from_secs(second));
        }
        assert_eq!(recent.value(1), Some(1), "written again");
        assert_eq!(recent.value(2), None);
        assert_eq!(recent.value(3), Some(3));
        assert_eq!(recent.len(), 2);
    }
}

//! Entries with JSON content.

use serde::{Serialize, de::DeserializeOwned};
use tracing::warn;

use super::{Entry, Fault, Store};

impl Entry {
    /// Loads the value of the entry; a damaged value is set aside and counts as absent.
    ///
    /// # Errors
    /// The entry cannot be read, or is damaged and cannot be set aside.
    pub fn load<T: DeserializeOwned>(&self, store: &dyn Store) -> Result<Option<T>, Fault> {
        let Some(bytes) = store.read(self)? else {
            return Ok(None);
        };
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => {
                let place = store.set_aside(self, &bytes)?;
                let (kind, key) = (self.kind().as_str(), self.key());
                // The text of the fault may quote a part of a private key.
                let (line, column) = (fault.line(), fault.column());
                warn!(
                    "{kind} {key}: damaged at {line}:{column}, {place}; hubgate starts without it"
                );
                Ok(None)
            }
        }
    }

    /// Saves a value as the content of the entry.
    ///
    /// # Errors
    /// The entry cannot be written; the old value stays.
    pub fn save<T: Serialize>(&self, store: &dyn Store, value: &T) -> Result<(), Fault> {
        let bytes = serde_json::to_vec_pretty(value)
            .map_err(|fault| Fault::new(self.key(), fault.to_string(), "report this"))?;
        store.write(self, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{FileStore, Kind},
        *,
    };
    use crate::tls::testing::Folder;

    #[test]
    fn damaged_json_is_set_aside() {
        let folder = Folder::new();
        let store = FileStore::open(&folder.path("state"));
        let entry = Entry::new(Kind::Order, "home.example.org");
        store.write(&entry, b"{\"torn\": ").unwrap();
        assert_eq!(entry.load::<Vec<u8>>(&store).unwrap(), None);
        assert_eq!(store.read(&entry).unwrap(), None);
        entry.save(&store, &vec![1, 2]).unwrap();
        assert_eq!(entry.load::<Vec<u8>>(&store).unwrap(), Some(vec![1, 2]));
    }
}

//! Entries that are JSON. A damaged one costs what it held, and never the start.

use serde::{Serialize, de::DeserializeOwned};
use tracing::warn;

use super::{Entry, Fault, Store};

/// The value of an entry; one that cannot be understood is set aside, and there is none then.
///
/// # Errors
/// What is there cannot be read, or is damaged and cannot be set aside.
pub fn load<T: DeserializeOwned>(store: &dyn Store, entry: &Entry) -> Result<Option<T>, Fault> {
    let Some(bytes) = store.read(entry)? else {
        return Ok(None);
    };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(fault) => {
            let place = store.set_aside(entry, &bytes)?;
            let kind = entry.kind().word();
            // The fault's own words could hold a part of a key.
            let (line, column) = (fault.line(), fault.column());
            warn!(
                "{kind} {}: damaged at {line}:{column}, {place}, and begun anew",
                entry.key()
            );
            Ok(None)
        }
    }
}

/// Keeps a value as the content of an entry.
///
/// # Errors
/// It could not be kept; the old value stays.
pub fn save<T: Serialize>(store: &dyn Store, entry: &Entry, value: &T) -> Result<(), Fault> {
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|fault| Fault::new(entry.key(), fault.to_string(), "report this"))?;
    store.write(entry, &bytes)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Files, Kind},
        *,
    };
    use crate::tls::testing::Folder;

    #[test]
    fn damaged_json_is_set_aside_and_begun_anew() {
        let folder = Folder::new();
        let store = Files::open(&folder.path("state"));
        let entry = Entry::new(Kind::Order, "home.example.org");
        store.write(&entry, b"{\"torn\": ").unwrap();
        assert_eq!(load::<Vec<u8>>(&store, &entry).unwrap(), None);
        assert_eq!(store.read(&entry).unwrap(), None);
        save(&store, &entry, &vec![1, 2]).unwrap();
        assert_eq!(load::<Vec<u8>>(&store, &entry).unwrap(), Some(vec![1, 2]));
    }
}

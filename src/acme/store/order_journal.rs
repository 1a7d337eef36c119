//! The journal of a pending order, so that a crash loses neither the order nor its key.
//!
//! Written before and after the order is placed, and before it is finalized; removed when the
//! certificate is stored. A damaged journal is replaced by a new order.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Entry, Fault, Kind, Store, identifiers, private_key::PrivateKey};
use crate::config::model::Host;

/// A pending order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEntry {
    /// The identifiers of the order.
    #[serde(with = "identifiers")]
    pub identifiers: Vec<Host>,
    /// The URL of the CA's directory.
    pub directory: String,
    /// The URL of the account that owns the order.
    pub account: String,
    /// The last step of the order.
    pub step: Step,
    /// The moment of the first step.
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    /// Resumptions in a row without progress.
    #[serde(default)]
    pub fruitless: u32,
    /// Abandoned earlier orders, which the CA may still finish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<FinalizedOrder>,
}

/// An order for which the certificate signing request was sent to the CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalizedOrder {
    /// The URL of the order.
    pub url: String,
    /// The key of the certificate.
    pub key: PrivateKey,
}

/// The steps of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Step {
    /// The order is about to be placed; after a crash it may have been.
    Intent,
    /// The CA has accepted the order.
    Placed {
        /// The URL of the order.
        url: String,
    },
    /// The certificate signing request is about to be sent; it may be sent again.
    Finalizing {
        /// The URL of the order.
        url: String,
        /// The key of the certificate.
        key: PrivateKey,
    },
}

impl OrderEntry {
    /// Loads the pending order of a certificate, if any; a damaged entry is set aside.
    ///
    /// # Errors
    /// The entry cannot be read.
    pub fn load(store: &dyn Store, name: &str) -> Result<Option<Self>, Fault> {
        Self::entry(name).load(store)
    }

    /// Saves the order.
    ///
    /// # Errors
    /// The entry cannot be written; a restart resumes from the step before.
    pub fn save(&self, store: &dyn Store, name: &str) -> Result<(), Fault> {
        Self::entry(name).save(store, self)
    }

    /// Removes the order of a certificate, because the certificate is stored or the order failed.
    ///
    /// # Errors
    /// The entry cannot be removed; a restart resumes the order.
    pub fn remove(store: &dyn Store, name: &str) -> Result<(), Fault> {
        store.remove(&Self::entry(name))
    }

    /// Returns the URL of the order, once the CA has accepted it.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.step {
            Step::Intent => None,
            Step::Placed { url } | Step::Finalizing { url, .. } => Some(url),
        }
    }

    /// Returns the order, once the CA may issue without a further request.
    #[must_use]
    pub fn finalized(&self) -> Option<FinalizedOrder> {
        match &self.step {
            Step::Finalizing { url, key } => Some(FinalizedOrder {
                url: url.clone(),
                key: key.clone(),
            }),
            _ => None,
        }
    }

    /// Returns true if the order or an abandoned one before it has this key.
    #[must_use]
    pub fn has_key(&self, key: &PrivateKey) -> bool {
        let before = self.given_up.iter().any(|order| order.key == *key);
        before || matches!(&self.step, Step::Finalizing { key: ours, .. } if ours == key)
    }

    fn entry(name: &str) -> Entry {
        Entry::new(Kind::Order, name)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::acme::store::FileStore;
    use crate::tls::testing::Folder;

    fn order(step: Step) -> OrderEntry {
        OrderEntry {
            identifiers: vec![
                Host::Name("home.example.org".into()),
                Host::Wildcard("example.org".into()),
                Host::Address("fd00::5".parse().unwrap()),
            ],
            directory: "https://ca.example/directory".into(),
            account: "https://ca.example/account/1".into(),
            step,
            began: datetime!(2026-11-03 12:00 UTC),
            fruitless: 1,
            given_up: vec![FinalizedOrder {
                url: "https://ca.example/order/0".into(),
                key: PrivateKey::new("-----BEGIN PRIVATE KEY-----".into()),
            }],
        }
    }

    #[test]
    fn each_step_survives_a_restart() {
        let folder = Folder::new();
        let store = FileStore::open(&folder.path("state"));
        let url = || "https://ca.example/order/1".to_owned();
        let key = PrivateKey::new("-----BEGIN PRIVATE KEY-----".into());
        assert_eq!(OrderEntry::load(&store, "home").unwrap(), None);
        for step in [
            Step::Intent,
            Step::Placed { url: url() },
            Step::Finalizing { url: url(), key },
        ] {
            let order = order(step);
            order.save(&store, "home").unwrap();
            let restarted = FileStore::open(&folder.path("state"));
            assert_eq!(OrderEntry::load(&restarted, "home").unwrap(), Some(order));
        }
        OrderEntry::remove(&store, "home").unwrap();
        assert_eq!(OrderEntry::load(&store, "home").unwrap(), None);
    }

    #[test]
    fn an_entry_with_other_fields_is_read() {
        let text = r#"{"identifiers": ["home.example.org"], "directory": "d", "account": "a",
            "replaces": "a.b", "step": {"at": "placed", "url": "u"}, "began": "2026-11-03T12:00:00Z"}"#;
        let entry: OrderEntry = serde_json::from_str(text).unwrap();
        assert_eq!((entry.fruitless, entry.given_up), (0, Vec::new()));
    }

    #[test]
    fn a_damaged_journal_counts_as_absent() {
        let folder = Folder::new();
        let store = FileStore::open(&folder.path("state"));
        store
            .write(&OrderEntry::entry("home"), b"{\"identifiers\":[")
            .unwrap();
        assert_eq!(OrderEntry::load(&store, "home").unwrap(), None);
        order(Step::Intent).save(&store, "home").unwrap();
        assert!(OrderEntry::load(&store, "home").unwrap().is_some());
    }

    #[test]
    fn debug_output_hides_the_key() {
        let key = PrivateKey::new("secret".into());
        let order = order(Step::Finalizing {
            url: String::new(),
            key,
        });
        assert!(!format!("{order:?}").contains("secret"));
    }
}

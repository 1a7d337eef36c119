//! The order journal: what is under way at the CA, so that a crash loses neither order nor key.
//!
//! Written before the order is placed, after it, and before it is finalized; removed when the
//! certificate is kept. Nobody else's work is lost when it is damaged: a new order is begun.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    identifiers,
    private_key::PrivateKey,
    store::{self, Entry, Fault, Kind, Store},
};
use crate::config::model::Host;

/// An order under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEntry {
    /// What is ordered.
    #[serde(with = "identifiers")]
    pub identifiers: Vec<Host>,
    /// The URL of the CA's directory.
    pub directory: String,
    /// The URL of the account the order belongs to; no other can take it up.
    pub account: String,
    /// The certificate it replaces, as renewal information names it (RFC 9773, 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// How far it has come.
    pub step: Step,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    /// Resumptions in a row that got no further.
    #[serde(default)]
    pub fruitless: u32,
    /// Orders before it that the CA did not finish, and still may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<FinalizedOrder>,
}

/// An order of which the CA has the certificate signing request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalizedOrder {
    /// The URL of the order.
    pub url: String,
    /// The key the certificate is for.
    pub key: PrivateKey,
}

/// How far an order has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Step {
    /// The CA is about to be asked; whether it was is not known after a crash.
    Intent,
    /// The CA has taken the order.
    Placed {
        /// The URL of the order.
        url: String,
    },
    /// The request for the certificate is about to be sent, and may be sent again.
    Finalizing {
        /// The URL of the order.
        url: String,
        /// The key the certificate is for.
        key: PrivateKey,
    },
}

impl OrderEntry {
    /// The order under way for a certificate set, if any; a damaged entry is set aside.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn load(store: &dyn Store, set: &str) -> Result<Option<Self>, Fault> {
        store::load(store, &entry(set))
    }

    /// Keeps the order as it is now.
    ///
    /// # Errors
    /// It could not be kept; the step before is what a restart finds.
    pub fn save(&self, store: &dyn Store, set: &str) -> Result<(), Fault> {
        store::save(store, &entry(set), self)
    }

    /// Forgets the order of a set: its certificate is kept, or it can never become one.
    ///
    /// # Errors
    /// It could not be removed, so that a restart takes it up again.
    pub fn remove(store: &dyn Store, set: &str) -> Result<(), Fault> {
        store.remove(&entry(set))
    }

    /// The URL of the order, once the CA has taken it.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.step {
            Step::Intent => None,
            Step::Placed { url } | Step::Finalizing { url, .. } => Some(url),
        }
    }

    /// The order, once the CA may issue of itself.
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

    /// Whether the order is for a certificate of this key.
    #[must_use]
    pub fn is_of(&self, key: &PrivateKey) -> bool {
        let before = self.given_up.iter().any(|order| order.key == *key);
        before || matches!(&self.step, Step::Finalizing { key: ours, .. } if ours == key)
    }
}

fn entry(set: &str) -> Entry {
    Entry::new(Kind::Order, set)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{super::store::Files, *};
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
            replaces: Some("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".into()),
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
        let store = Files::open(&folder.path("state"));
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
            let restarted = Files::open(&folder.path("state"));
            assert_eq!(OrderEntry::load(&restarted, "home").unwrap(), Some(order));
        }
        OrderEntry::remove(&store, "home").unwrap();
        assert_eq!(OrderEntry::load(&store, "home").unwrap(), None);
    }

    #[test]
    fn an_entry_of_an_earlier_version_is_read() {
        let text = r#"{"identifiers": ["home.example.org"], "directory": "d", "account": "a",
            "step": {"at": "placed", "url": "u"}, "began": "2026-11-03T12:00:00Z"}"#;
        let entry: OrderEntry = serde_json::from_str(text).unwrap();
        assert_eq!((entry.fruitless, entry.given_up), (0, Vec::new()));
    }

    #[test]
    fn a_damaged_journal_begins_anew() {
        let folder = Folder::new();
        let store = Files::open(&folder.path("state"));
        store.write(&entry("home"), b"{\"identifiers\":[").unwrap();
        assert_eq!(OrderEntry::load(&store, "home").unwrap(), None);
        order(Step::Intent).save(&store, "home").unwrap();
        assert!(OrderEntry::load(&store, "home").unwrap().is_some());
    }

    #[test]
    fn the_key_is_never_shown() {
        let key = PrivateKey::new("secret".into());
        let order = order(Step::Finalizing {
            url: String::new(),
            key,
        });
        assert!(!format!("{order:?}").contains("secret"));
    }
}

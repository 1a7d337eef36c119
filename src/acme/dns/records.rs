//! The journal of TXT records that may exist in zones: plain data for the store.
//!
//! A record is in the journal from before its creation until after its deletion, so the journal
//! after a crash lists the records to delete.

use serde::{Deserialize, Serialize};

/// A TXT record that was created for a challenge, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The record's name, with the dot at the end.
    pub fqdn: String,
    /// The value.
    pub value: String,
    /// The provider that has the record.
    #[serde(flatten)]
    pub held: Held,
}

/// The provider that has a record, with the identifier that its deletion needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case")]
pub enum Held {
    /// The program of the operator.
    Exec,
    /// A name server with dynamic updates.
    Rfc2136,
    /// Cloudflare.
    Cloudflare {
        /// The record's identifier; without it, the record is searched by its value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<CloudflareId>,
    },
    /// deSEC.
    Desec,
    /// DuckDNS.
    #[serde(rename = "duckdns")]
    DuckDns,
}

/// Cloudflare's identifier of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudflareId {
    /// The identifier of the zone.
    pub zone: String,
    /// The identifier of the record in the zone.
    pub record: String,
}

impl Record {
    /// Returns the name in lower case without the last dot, as the APIs of providers expect it.
    pub(super) fn domain_name(&self) -> String {
        self.fqdn.trim_end_matches('.').to_ascii_lowercase()
    }
}

impl Held {
    /// Returns the provider's name in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Exec => "a hook",
            Self::Rfc2136 => "dynamic update",
            Self::Cloudflare { .. } => "Cloudflare",
            Self::Desec => "deSEC",
            Self::DuckDns => "DuckDNS",
        }
    }
}

/// The records that may exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordJournal(Vec<Record>);

impl RecordJournal {
    /// Adds a record, or replaces the entry with the same name and value.
    pub fn note(&mut self, record: Record) {
        self.forget(&record);
        self.0.push(record);
    }

    /// Removes the entry of a deleted record.
    pub fn forget(&mut self, record: &Record) {
        self.0
            .retain(|entry| (&entry.fqdn, &entry.value) != (&record.fqdn, &record.value));
    }

    /// Returns the records that may exist, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.0.iter()
    }

    /// Serializes the journal as JSON.
    ///
    /// # Errors
    /// Those of the serializer, although no journal causes one.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Parses the journal.
    ///
    /// # Errors
    /// A text that is not the JSON of a journal.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: &str, held: Held) -> Record {
        Record {
            fqdn: "_acme-challenge.home.example.org.".to_owned(),
            value: value.to_owned(),
            held,
        }
    }

    #[test]
    fn a_journal_survives_json() {
        let mut records = RecordJournal::default();
        let at = Some(CloudflareId {
            zone: "z".to_owned(),
            record: "r".to_owned(),
        });
        let held = [
            Held::Exec,
            Held::Rfc2136,
            Held::Cloudflare { at },
            Held::Cloudflare { at: None },
            Held::Desec,
            Held::DuckDns,
        ];
        for (number, held) in held.into_iter().enumerate() {
            records.note(record(&number.to_string(), held));
        }
        let text = records.to_json().unwrap();
        assert!(text.contains(r#""provider": "duckdns""#), "{text}");
        assert_eq!(RecordJournal::from_json(&text).unwrap(), records);
    }

    #[test]
    fn an_entry_is_replaced_and_removed_by_name_and_value() {
        let mut records = RecordJournal::default();
        records.note(record("a", Held::Cloudflare { at: None }));
        records.note(record("b", Held::Desec));
        records.note(record("a", Held::Desec));
        assert_eq!(records.iter().count(), 2);
        records.forget(&record("a", Held::Exec));
        let left: Vec<_> = records.iter().map(|record| &*record.value).collect();
        assert_eq!(left, ["b"]);
    }

    #[test]
    fn a_domain_name_is_in_lower_case_without_the_last_dot() {
        let mut record = record("a", Held::Exec);
        record.fqdn = "_acme-challenge.Home.example.org.".to_owned();
        assert_eq!(record.domain_name(), "_acme-challenge.home.example.org");
    }
}

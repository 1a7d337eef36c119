//! The journal of TXT records that may exist: pure data, which the store keeps.
//!
//! A record is noted before it is put up and forgotten once it is away, so what is left after a
//! crash is what has to be removed at the next start.

use serde::{Deserialize, Serialize};

/// A TXT record that was, or is about to be, put up for a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its name, with the dot at the end.
    pub fqdn: String,
    /// Its text.
    pub value: String,
    /// Who holds it.
    #[serde(flatten)]
    pub held: Held,
}

/// The provider that holds a record, and what it needs to find it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case")]
pub enum Held {
    /// Whatever the hook talks to.
    Exec,
    /// A name server with dynamic updates.
    Rfc2136,
    /// Cloudflare.
    Cloudflare {
        /// Where it is; it is looked for when that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<CloudflareId>,
    },
    /// deSEC.
    Desec,
    /// DuckDNS.
    #[serde(rename = "duckdns")]
    DuckDns,
}

/// How Cloudflare names a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudflareId {
    /// The zone's id.
    pub zone: String,
    /// The record's id in it.
    pub record: String,
}

impl Held {
    /// The provider as an operator knows it.
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
pub struct Records(Vec<Record>);

impl Records {
    /// Notes a record, or what is now better known of one already noted.
    pub fn note(&mut self, record: Record) {
        self.forget(&record);
        self.0.push(record);
    }

    /// Forgets a record that is away.
    pub fn forget(&mut self, record: &Record) {
        self.0
            .retain(|noted| (&noted.fqdn, &noted.value) != (&record.fqdn, &record.value));
    }

    /// All that may exist, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.0.iter()
    }

    /// The journal as JSON.
    ///
    /// # Errors
    /// None that this data can cause; passed on from the serializer.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Reads the journal.
    ///
    /// # Errors
    /// When the text is no such JSON.
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
    fn journal_survives_json() {
        let mut records = Records::default();
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
        assert_eq!(Records::from_json(&text).unwrap(), records);
    }

    #[test]
    fn noting_again_replaces_and_forgetting_takes_one_value() {
        let mut records = Records::default();
        records.note(record("a", Held::Cloudflare { at: None }));
        records.note(record("b", Held::Desec));
        records.note(record("a", Held::Desec));
        assert_eq!(records.iter().count(), 2);
        records.forget(&record("a", Held::Exec));
        let left: Vec<_> = records.iter().map(|record| &*record.value).collect();
        assert_eq!(left, ["b"]);
    }
}

//! The identifiers of an order as text, for `#[serde(with = "identifiers")]`.

use serde::{Deserialize, Deserializer, Serializer};

use crate::config::model::Host;

/// Serializes hosts in the notation of `proxy.yaml`.
pub(crate) fn serialize<S: Serializer>(hosts: &[Host], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hosts.iter().map(ToString::to_string))
}

/// Deserializes hosts in the notation of `proxy.yaml`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Host>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    Ok(texts.into_iter().map(host).collect())
}

fn host(text: String) -> Host {
    if let Ok(address) = text.parse() {
        return Host::Address(address);
    }
    match text.strip_prefix("*.") {
        Some(parent) => Host::Wildcard(parent.to_owned()),
        None => Host::Name(text),
    }
}

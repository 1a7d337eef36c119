//! TXT records by Cloudflare's API, version 4.
//!
//! Every record has an id of its own, so values of one name do not know of each other. The zone is
//! the longest suffix of the name that the token may see.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Api, Held, Record, api::Service, bare, fault, records::CloudflareId, suffixes};
use crate::acme::problem::Problem;

/// Where the API is.
const BASE: &str = "https://api.cloudflare.com/client/v4";

/// Its errors that mean the token: malformed, invalid, of somebody else.
const TOKEN: [u32; 4] = [6003, 6111, 9109, 10000];

/// Its errors that mean that the very record exists.
const EXISTS: [u32; 2] = [81057, 81058];

/// Its error that means that there is no such record.
const GONE: u32 = 81044;

/// Cloudflare, with a token.
pub struct Cloudflare {
    service: Service,
}

/// What every answer is wrapped in.
#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    #[serde(default)]
    errors: Vec<Mistake>,
    result: Option<T>,
}

#[derive(Deserialize)]
struct Mistake {
    code: u32,
    message: String,
    #[serde(default)]
    error_chain: Vec<Mistake>,
}

/// A zone or a record; only records have content.
#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    content: String,
}

/// Why a call has no result.
enum Failure {
    Exists,
    Gone,
    Other(Problem),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Exists => fault("Cloudflare has the record already"),
            Failure::Gone => fault("Cloudflare no longer has what was asked for"),
            Failure::Other(problem) => problem,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl Cloudflare {
    /// Cloudflare's API with a token that has Zone:Read and DNS:Edit for the zone.
    ///
    /// # Errors
    /// When the token cannot be one.
    pub fn new(api: Arc<dyn Api>, token: &str) -> anyhow::Result<Self> {
        Self::at(BASE, api, token)
    }

    /// The same API at another URL.
    ///
    /// # Errors
    /// When the token cannot be one.
    pub fn at(base: &str, api: Arc<dyn Api>, token: &str) -> anyhow::Result<Self> {
        Ok(Self {
            service: Service::new(api, base).authorized("Bearer", token)?,
        })
    }

    /// Puts a record up and tells where it is.
    pub(super) async fn present(&self, record: &Record) -> Result<Held, Problem> {
        let name = bare(&record.fqdn);
        let zone = self.zone(&name).await?;
        let body = json!({
            "type": "TXT",
            "name": name,
            "content": format!("\"{}\"", record.value),
            "ttl": 60,
        });
        let path = format!("/zones/{zone}/dns_records");
        let created = self.call::<Named>(Method::POST, &path, Some(&body)).await;
        let at = match created {
            Ok(Named { id: record, .. }) => Some(CloudflareId { zone, record }),
            Err(Failure::Exists) => None,
            Err(failure) => return Err(failure.into()),
        };
        Ok(Held::Cloudflare { at })
    }

    /// Takes a record away; one whose place is not known is looked for.
    pub(super) async fn cleanup(
        &self,
        record: &Record,
        at: Option<&CloudflareId>,
    ) -> Result<(), Problem> {
        if let Some(at) = at {
            return self.delete(at).await;
        }
        for at in self.find(record).await? {
            self.delete(&at).await?;
        }
        Ok(())
    }

    async fn delete(&self, at: &CloudflareId) -> Result<(), Problem> {
        let path = format!("/zones/{}/dns_records/{}", at.zone, at.record);
        match self.call::<Value>(Method::DELETE, &path, None).await {
            Ok(_) | Err(Failure::Gone) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Where the record's value is.
    async fn find(&self, record: &Record) -> Result<Vec<CloudflareId>, Problem> {
        let name = bare(&record.fqdn);
        let zone = self.zone(&name).await?;
        let path = format!("/zones/{zone}/dns_records?type=TXT&name={name}&per_page=100");
        let found: Vec<Named> = self.call(Method::GET, &path, None).await?;
        let same = found
            .into_iter()
            .filter(|found| found.content.trim_matches('"') == record.value);
        Ok(same
            .map(|found| CloudflareId {
                zone: zone.clone(),
                record: found.id,
            })
            .collect())
    }

    /// The id of the zone that a name is in.
    async fn zone(&self, name: &str) -> Result<String, Problem> {
        for candidate in suffixes(name) {
            let path = format!("/zones?name={candidate}");
            let zones: Vec<Named> = self.call(Method::GET, &path, None).await?;
            if let Some(zone) = zones.into_iter().next() {
                return Ok(zone.id);
            }
        }
        Err(fault(format!(
            "Cloudflare has no zone for {name} that the token may see; \
             give the token Zone:Read and DNS:Edit for it"
        )))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        let answer = self.service.send(method, path, body).await?;
        let Ok(envelope) = self.service.read::<Envelope<T>>(&answer) else {
            let said = String::from_utf8_lossy(answer.body());
            return Err(self.service.refusal(&answer, &said).into());
        };
        match envelope.result {
            Some(result) if envelope.success => Ok(result),
            _ => Err(self.failure(&answer, &envelope.errors)),
        }
    }

    fn failure(&self, answer: &Response<Bytes>, mistakes: &[Mistake]) -> Failure {
        let all = || {
            mistakes
                .iter()
                .flat_map(|one| [one].into_iter().chain(&one.error_chain))
        };
        let said: Vec<_> = all()
            .map(|mistake| format!("{} ({})", mistake.message, mistake.code))
            .collect();
        let said = said.join(": ");
        if all().any(|mistake| EXISTS.contains(&mistake.code)) {
            return Failure::Exists;
        }
        if answer.status() == StatusCode::NOT_FOUND || all().any(|mistake| mistake.code == GONE) {
            return Failure::Gone;
        }
        if all().any(|mistake| TOKEN.contains(&mistake.code)) {
            return fault(self.service.token_refused(&said)).into();
        }
        self.service.refusal(answer, &said).into()
    }
}

#[cfg(test)]
mod tests;

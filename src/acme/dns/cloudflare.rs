//! TXT records through Cloudflare's API, version 4.
//!
//! Every record has an identifier of its own, so the values of one name are independent. The zone
//! is the longest suffix of the name that the token can read.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Api, Held, Record, api::Service, records::CloudflareId, suffixes};
use crate::acme::problem::Problem;

/// The URL of the API.
const BASE: &str = "https://api.cloudflare.com/client/v4";

/// Errors for a token that is malformed, invalid or of another account.
const BAD_TOKEN: [u32; 4] = [6003, 6111, 9109, 10000];

/// Errors for a record that exists already.
const EXISTS: [u32; 2] = [81057, 81058];

/// The error for a record that does not exist.
const GONE: u32 = 81044;

/// Cloudflare's API with a token.
pub struct Cloudflare {
    service: Service,
}

/// The outer object of every response.
#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    #[serde(default)]
    errors: Vec<ApiError>,
    result: Option<T>,
}

#[derive(Deserialize)]
struct ApiError {
    code: u32,
    message: String,
    #[serde(default)]
    error_chain: Vec<ApiError>,
}

/// A zone or a record; only records have content.
#[derive(Deserialize)]
struct Resource {
    id: String,
    #[serde(default)]
    content: String,
}

/// The failure of a request.
enum Failure {
    Exists,
    Gone,
    Other(Problem),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Exists => Problem::provider("Cloudflare has the record already"),
            Failure::Gone => Problem::provider("Cloudflare no longer has the requested record"),
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
    /// Uses Cloudflare's API with a token that has Zone:Read and DNS:Edit for the zone.
    ///
    /// # Errors
    /// A token with invalid characters.
    pub fn new(api: Arc<dyn Api>, token: &str) -> anyhow::Result<Self> {
        Self::at(BASE, api, token)
    }

    /// Uses the API at another URL.
    ///
    /// # Errors
    /// A token with invalid characters.
    pub fn at(base: &str, api: Arc<dyn Api>, token: &str) -> anyhow::Result<Self> {
        Ok(Self {
            service: Service::new(api, base).authorized("Bearer", token)?,
        })
    }

    /// Creates a record and returns its identifier.
    pub(super) async fn present(&self, record: &Record) -> Result<Held, Problem> {
        let name = record.domain_name();
        let zone = self.zone(&name).await?;
        let body = json!({
            "type": "TXT",
            "name": name,
            "content": format!("\"{}\"", record.value),
            "ttl": 60,
        });
        let path = format!("/zones/{zone}/dns_records");
        let created = self
            .call::<Resource>(Method::POST, &path, Some(&body))
            .await;
        let at = match created {
            Ok(Resource { id: record, .. }) => Some(CloudflareId { zone, record }),
            Err(Failure::Exists) => None,
            Err(failure) => return Err(failure.into()),
        };
        Ok(Held::Cloudflare { at })
    }

    /// Deletes a record; without its identifier, it is searched by its value.
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

    /// Fetches the identifiers of the records with the value.
    async fn find(&self, record: &Record) -> Result<Vec<CloudflareId>, Problem> {
        let name = record.domain_name();
        let zone = self.zone(&name).await?;
        let path = format!("/zones/{zone}/dns_records?type=TXT&name={name}&per_page=100");
        let found: Vec<Resource> = self.call(Method::GET, &path, None).await?;
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

    /// Fetches the identifier of a name's zone.
    async fn zone(&self, name: &str) -> Result<String, Problem> {
        for candidate in suffixes(name) {
            let path = format!("/zones?name={candidate}");
            let zones: Vec<Resource> = self.call(Method::GET, &path, None).await?;
            if let Some(zone) = zones.into_iter().next() {
                return Ok(zone.id);
            }
        }
        Err(Problem::provider(format!(
            "Cloudflare has no zone for {name} that the token may see; \
             give the token Zone:Read and DNS:Edit for it"
        )))
    }

    /// Sends a request and returns the result of its response.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        let response = self.service.send(method, path, body).await?;
        let Ok(envelope) = self.service.parse::<Envelope<T>>(&response) else {
            let text = String::from_utf8_lossy(response.body());
            return Err(self.service.refusal(&response, &text).into());
        };
        match envelope.result {
            Some(result) if envelope.success => Ok(result),
            _ => Err(self.failure(&response, &envelope.errors)),
        }
    }

    fn failure(&self, response: &Response<Bytes>, errors: &[ApiError]) -> Failure {
        let all = || errors.iter().flat_map(ApiError::with_chain);
        let has = |codes: &[u32]| all().any(|error| codes.contains(&error.code));
        let texts: Vec<_> = all()
            .map(|error| format!("{} ({})", error.message, error.code))
            .collect();
        let reason = texts.join(": ");
        if has(&EXISTS) {
            return Failure::Exists;
        }
        if response.status() == StatusCode::NOT_FOUND || has(&[GONE]) {
            return Failure::Gone;
        }
        if has(&BAD_TOKEN) {
            return Problem::provider(self.service.token_refused(&reason)).into();
        }
        self.service.refusal(response, &reason).into()
    }
}

impl ApiError {
    fn with_chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.error_chain)
    }
}

#[cfg(test)]
mod tests;

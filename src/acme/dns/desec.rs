//! TXT records through deSEC's API, version 1.
//!
//! The API has record sets only: a value is added or deleted by reading the set of its name and
//! writing it whole. One change at a time within this process; two processes that change one name
//! at once can undo each other's change.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::sleep};

use super::{Api, Record, api::Service};
use crate::acme::{https::retry_after, problem::Problem};

/// The URL of the API.
const BASE: &str = "https://desec.io/api/v1";

/// The longest `Retry-After` before a repetition.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Attempts of a request.
const ATTEMPTS: usize = 3;

/// deSEC's API with a token.
pub struct Desec {
    service: Service,
    /// Locked from reading a set until it is written.
    writing: Mutex<()>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
    minimum_ttl: u32,
}

/// The TXT record set of a name.
#[derive(Deserialize)]
struct RecordSet {
    ttl: u32,
    records: Vec<String>,
}

impl Desec {
    /// Uses deSEC's API with a token that can write the domain's TXT records.
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
            service: Service::new(api, base).authorized("Token", token)?,
            writing: Mutex::new(()),
        })
    }

    pub(super) async fn present(&self, record: &Record) -> Result<(), Problem> {
        self.change(record, Vec::push).await
    }

    pub(super) async fn cleanup(&self, record: &Record) -> Result<(), Problem> {
        self.change(record, |_, _| {}).await
    }

    /// Rewrites the record set of a name: removes the record's value, then applies `add`.
    async fn change(
        &self,
        record: &Record,
        add: impl FnOnce(&mut Vec<String>, String),
    ) -> Result<(), Problem> {
        let name = record.domain_name();
        let domain = self.domain(&name).await?;
        let subname = name.strip_suffix(&domain.name).unwrap_or_default();
        let subname = subname.trim_end_matches('.');
        let _writing = self.writing.lock().await;
        let mut set = self.read(&domain, subname).await?;
        let before = set.records.clone();
        let value = format!("\"{}\"", record.value);
        set.records.retain(|old| *old != value);
        add(&mut set.records, value);
        if set.records == before {
            return Ok(());
        }
        self.write(&domain, subname, &set).await
    }

    /// Fetches the domain of the account that contains a name.
    async fn domain(&self, name: &str) -> Result<Domain, Problem> {
        let path = format!("/domains/?owns_qname={name}");
        let response = self.send(Method::GET, &path, None).await?;
        let domains: Vec<Domain> = self.service.parse(&self.check(response)?)?;
        domains.into_iter().next().ok_or_else(|| {
            Problem::provider(format!(
                "no domain of the deSEC account has {name}; \
                 add the domain there, or use a token of the account that has it"
            ))
        })
    }

    /// Fetches a set; a missing one is empty.
    async fn read(&self, domain: &Domain, subname: &str) -> Result<RecordSet, Problem> {
        let label = if subname.is_empty() { "@" } else { subname };
        let path = format!("/domains/{}/rrsets/{label}/TXT/", domain.name);
        let response = self.send(Method::GET, &path, None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(RecordSet {
                ttl: domain.minimum_ttl,
                records: Vec::new(),
            });
        }
        self.service.parse(&self.check(response)?)
    }

    /// Writes a set; deSEC deletes a set without records.
    async fn write(&self, domain: &Domain, subname: &str, set: &RecordSet) -> Result<(), Problem> {
        let path = format!("/domains/{}/rrsets/", domain.name);
        let body = json!([{
            "subname": subname,
            "type": "TXT",
            "ttl": set.ttl.max(domain.minimum_ttl),
            "records": set.records,
        }]);
        let response = self.send(Method::PUT, &path, Some(&body)).await?;
        self.check(response).map(drop)
    }

    /// Sends a request, and repeats it after the pause that a throttled response (429) demands.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, Problem> {
        for _ in 1..ATTEMPTS {
            let response = self.service.send(method.clone(), path, body).await?;
            let Some(wait) = throttle_wait(&response).filter(|wait| *wait <= LONGEST_WAIT) else {
                return Ok(response);
            };
            sleep(wait).await;
        }
        self.service.send(method, path, body).await
    }

    /// Refuses a response without success.
    fn check(&self, response: Response<Bytes>) -> Result<Response<Bytes>, Problem> {
        if response.status().is_success() {
            return Ok(response);
        }
        let body = String::from_utf8_lossy(response.body());
        let json: Option<Value> = serde_json::from_str(&body).ok();
        let detail = json.as_ref().and_then(|json| json["detail"].as_str());
        Err(self.service.refusal(&response, detail.unwrap_or(&body)))
    }
}

/// Returns the pause that a throttled response (429) demands.
fn throttle_wait(response: &Response<Bytes>) -> Option<Duration> {
    if response.status() != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let now = OffsetDateTime::now_utc();
    let wait = retry_after::from_headers(response.headers(), now)? - now;
    Some(wait.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests;

//! TXT records by deSEC's API, version 1.
//!
//! It knows sets of records only: a value is added to what the name has, or taken from it, by
//! reading the set and writing it whole. One at a time within this process; of two processes that
//! change one name at once, one may undo the other's change.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::sleep};

use super::{
    Api, Record,
    api::{Service, retry_after},
    bare, fault,
};
use crate::acme::problem::Problem;

/// Where the API is.
const BASE: &str = "https://desec.io/api/v1";

/// How long `Retry-After` is waited for, and how often.
const LONGEST: Duration = Duration::from_secs(60);
const TRIES: usize = 3;

/// deSEC, with a token.
pub struct Desec {
    service: Service,
    /// Held from reading a set to having written it.
    writing: Mutex<()>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
    minimum_ttl: u32,
}

/// The values of a name.
#[derive(Deserialize)]
struct Set {
    ttl: u32,
    records: Vec<String>,
}

impl Desec {
    /// deSEC's API with a token that may write the domain's TXT records.
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

    /// Writes the name's other values, and what `add` puts beside them.
    async fn change(
        &self,
        record: &Record,
        add: impl FnOnce(&mut Vec<String>, String),
    ) -> Result<(), Problem> {
        let name = bare(&record.fqdn);
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

    /// The domain of the account that a name is in.
    async fn domain(&self, name: &str) -> Result<Domain, Problem> {
        let path = format!("/domains/?owns_qname={name}");
        let answer = self.send(Method::GET, &path, None).await?;
        let domains: Vec<Domain> = self.service.read(&self.good(answer)?)?;
        domains.into_iter().next().ok_or_else(|| {
            fault(format!(
                "no domain of the deSEC account has {name}; \
                 add the domain there, or take a token of the account that has it"
            ))
        })
    }

    async fn read(&self, domain: &Domain, subname: &str) -> Result<Set, Problem> {
        let place = if subname.is_empty() { "@" } else { subname };
        let path = format!("/domains/{}/rrsets/{place}/TXT/", domain.name);
        let answer = self.send(Method::GET, &path, None).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(Set {
                ttl: domain.minimum_ttl,
                records: Vec::new(),
            });
        }
        self.service.read(&self.good(answer)?)
    }

    /// Writes a set; one without records is deleted.
    async fn write(&self, domain: &Domain, subname: &str, set: &Set) -> Result<(), Problem> {
        let path = format!("/domains/{}/rrsets/", domain.name);
        let body = json!([{
            "subname": subname,
            "type": "TXT",
            "ttl": set.ttl.max(domain.minimum_ttl),
            "records": set.records,
        }]);
        let answer = self.send(Method::PUT, &path, Some(&body)).await?;
        self.good(answer).map(drop)
    }

    /// Sends a request, again when deSEC soon wants to be asked again.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, Problem> {
        for _ in 1..TRIES {
            let answer = self.service.send(method.clone(), path, body).await?;
            let Some(wait) = wait(&answer).filter(|wait| *wait <= LONGEST) else {
                return Ok(answer);
            };
            sleep(wait).await;
        }
        self.service.send(method, path, body).await
    }

    fn good(&self, answer: Response<Bytes>) -> Result<Response<Bytes>, Problem> {
        if answer.status().is_success() {
            return Ok(answer);
        }
        let body = String::from_utf8_lossy(answer.body());
        let json: Option<Value> = serde_json::from_str(&body).ok();
        let detail = json.as_ref().and_then(|json| json["detail"].as_str());
        Err(self.service.refusal(&answer, detail.unwrap_or(&body)))
    }
}

/// How long a throttled answer wants to be waited for.
fn wait(answer: &Response<Bytes>) -> Option<Duration> {
    if answer.status() != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let now = OffsetDateTime::now_utc();
    let wait = retry_after(answer.headers(), now)? - now;
    Some(wait.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests;

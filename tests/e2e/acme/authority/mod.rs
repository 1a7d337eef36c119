//! The tests' own CA: real signatures, real validation, injected faults.
//!
//! It implements RFC 8555 and RFC 9773 in this process. A test arms faults, and afterwards reads
//! the record of the client's requests. `server` receives a request, `directory` routes it, the
//! other files handle one resource each.

mod account;
mod authorization;
mod directory;
mod fault;
mod issue;
mod jws;
mod misbehave;
mod order;
mod record;
mod refusal;
mod renewal;
mod response;
mod server;
#[cfg(test)]
mod tests;
mod validation;
mod validation_failure;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::pki_types::CertificateDer;
use tokio::{net::TcpListener, task::JoinHandle};

use self::{
    account::Accounts, authorization::Authorization, fault::Faults, issue::Issuer, jws::Nonces,
    order::Order, record::Record,
};
pub use self::{
    directory::Endpoint,
    fault::{Fault, Script},
    issue::Issued,
    record::{RecordedOrder, RecordedRequest, RecordedValidation},
    refusal::{Refusal, RetryAfter},
    validation_failure::ValidationFailure,
};
use crate::harness::{Authority, Port};

/// A running CA; it ends with the test.
pub struct Ca {
    port: Port,
    server_root: Authority,
    state: Shared,
    serving: JoinHandle<()>,
}

/// Settings of a CA before it starts.
#[derive(Clone)]
pub struct Options {
    /// Address of http-01 validation, in place of port 80.
    pub http: SocketAddr,
    /// Address of tls-alpn-01 validation, in place of port 443.
    pub tls: SocketAddr,
    /// The DNS server queried for dns-01; without one every dns-01 fails.
    pub dns: Option<SocketAddr>,
    /// Lifetime of certificates.
    pub life: Duration,
    /// The profiles offered, with the life of their certificates.
    pub profiles: Vec<(&'static str, Duration)>,
    /// The only accepted external account: key identifier and HMAC key.
    pub external_account: Option<(&'static str, Vec<u8>)>,
    /// The `Retry-After` of renewal information, in seconds.
    pub renewal_pause: u64,
}

/// State of the CA.
struct State {
    options: Options,
    base: String,
    nonces: Nonces,
    accounts: Accounts,
    orders: Vec<Order>,
    authorizations: Vec<Authorization>,
    issuer: Issuer,
    faults: Faults,
    record: Record,
}

type Shared = Arc<Mutex<State>>;

/// The life of a certificate, unless a test says otherwise.
pub const LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

impl Options {
    /// Settings with these validation addresses and a lifetime of 90 days.
    pub fn new(http: SocketAddr, tls: SocketAddr) -> Self {
        Self {
            http,
            tls,
            dns: None,
            life: LIFE,
            profiles: Vec::new(),
            external_account: None,
            renewal_pause: 6 * 3600,
        }
    }
}

impl Ca {
    /// Starts a CA on a port of its own.
    pub async fn start(options: Options) -> Self {
        let port = Port::keep();
        let base = format!("https://{}", port.address());
        let server_root = Authority::new("root of the CA's own server");
        let listener = TcpListener::bind(port.address()).await.unwrap();
        let state = Arc::new(Mutex::new(State {
            issuer: Issuer::new(&base),
            options,
            base,
            nonces: Nonces::default(),
            accounts: Accounts::default(),
            orders: Vec::new(),
            authorizations: Vec::new(),
            faults: Faults::default(),
            record: Record::default(),
        }));
        let leaf = server_root.server(&["127.0.0.1", "localhost"]);
        let serving = tokio::spawn(server::serve(listener, leaf, Arc::clone(&state)));
        Self {
            port,
            server_root,
            state,
            serving,
        }
    }

    /// The URL of the directory, for `acme: {directory: …}`.
    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.port.address())
    }

    /// The root of the CA's own server as PEM, for `acme: {root: …}`.
    pub fn ca_pem(&self) -> String {
        self.server_root.pem()
    }

    /// The root under which it issues.
    pub fn root(&self) -> CertificateDer<'static> {
        self.with(|state| state.issuer.root())
    }

    /// Arms a fault: always at its usual endpoint, unless [`Fault::at`] and `times` say otherwise.
    pub fn fault(&self, script: impl Into<Script>) {
        self.with(|state| state.faults.arm(script.into()));
    }

    /// Disarms all faults.
    pub fn heal(&self) {
        self.with(|state| state.faults = Faults::default());
    }

    /// Forgets all accounts, like a CA after a loss of its data.
    pub fn forget_accounts(&self) {
        self.with(|state| state.accounts = Accounts::default());
    }

    /// Changes the key of each account, unknown to its client.
    pub fn roll_over_accounts(&self) {
        self.with(|state| state.accounts.roll_over(&jws::Jwk::unused()));
    }

    /// Revokes a certificate: its renewal is due at once.
    pub fn revoke(&self, serial: &str) {
        self.with(|state| state.issuer.revoke(serial));
    }

    /// The revocation list as DER, as `GET /crl` shows it.
    pub fn revocation_list(&self) -> Vec<u8> {
        self.with(|state| state.issuer.revocation_list())
    }

    /// Everything asked so far, in order.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.with(|state| state.record.requests.clone())
    }

    /// Returns the requests to one endpoint so far, in order.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.endpoint == endpoint);
        requests
    }

    /// The orders that were accepted.
    pub fn orders(&self) -> Vec<RecordedOrder> {
        self.with(|state| state.record.ordered.clone())
    }

    /// The validations that have ended, in order.
    pub fn validations(&self) -> Vec<RecordedValidation> {
        self.with(|state| state.record.validated.clone())
    }

    /// The validations that failed.
    pub fn failed_validations(&self) -> Vec<RecordedValidation> {
        let mut validated = self.validations();
        validated.retain(|validated| validated.error.is_some());
        validated
    }

    /// The certificates issued so far, in order.
    pub fn issued(&self) -> Vec<Issued> {
        self.with(|state| state.issuer.issued())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }
}

impl Drop for Ca {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

//! A hubgate with a certificate from a CA of the tests.

use std::time::Duration;

use serde_json::Value;

use super::authority::{Ca, Endpoint, Options};
use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

/// Longest time until a retry: hubgate's shortest wait, 30 seconds, and a reserve.
pub const RETRY_DEADLINE: Duration = Duration::from_secs(90);

/// Hub, CA and the setup of hubgate, before it starts.
pub struct PreparedFixture {
    /// The hub behind hubgate.
    pub hub: Hub,
    /// The CA with injected faults.
    pub ca: Ca,
    /// hubgate, not yet started.
    pub setup: Setup,
}

/// A prepared with its hubgate.
pub struct Fixture {
    /// The hub behind hubgate.
    pub hub: Hub,
    /// The CA with injected faults.
    pub ca: Ca,
    /// hubgate.
    pub gate: Hubgate,
}

/// Configured challenge types.
const CHALLENGES: &str = "http-01, tls-alpn-01";

impl PreparedFixture {
    /// `home.test` with a certificate of the CA, without faults so far.
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// Like `new`, with changed options of the CA.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let hub = Hub::start().await;
        let setup = Setup::home(&hub.url());
        let mut options = Options::new(setup.http().address(), setup.https().address());
        change(&mut options);
        let ca = Ca::start(options).await;
        let setup = setup.acme(&ca.directory(), &ca.ca_pem(), CHALLENGES);
        Self { hub, ca, setup }
    }

    /// Starts hubgate, and waits until it listens.
    pub async fn start(self) -> Fixture {
        let Self { hub, ca, setup } = self;
        let gate = setup.start().await;
        Fixture { hub, ca, gate }
    }
}

impl Fixture {
    /// A prepared in which hubgate serves the first certificate.
    pub async fn issued() -> Self {
        let fixture = PreparedFixture::new().await.start().await;
        fixture.serves(1).await;
        fixture
    }

    /// Waits until hubgate serves the certificate that the CA issued as this one, from 1.
    pub async fn serves(&self, number: usize) {
        self.serves_within(DEADLINE, number).await;
    }

    /// Like `serves`, with a longer deadline.
    pub async fn serves_within(&self, deadline: Duration, number: usize) {
        let what = format!("certificate {number} is served");
        eventually(deadline, &what, async || {
            let issued = self.ca.issued();
            let expected = issued.get(number - 1).map(|issued| &issued.certificate);
            expected.is_some() && served(&self.gate).await.as_deref() == expected.map(|der| &**der)
        })
        .await;
    }

    /// Waits until the CA has got this number of requests at the endpoint.
    pub async fn wait_for_requests(&self, deadline: Duration, endpoint: Endpoint, times: usize) {
        let what = format!("{endpoint:?} is asked {times} times");
        eventually(deadline, &what, async || {
            self.ca.requests_to(endpoint).len() >= times
        })
        .await;
    }

    /// Requests an immediate renewal.
    pub async fn renew(&self) {
        self.gate.commanded(&["cert", "renew", "home.test"]).await;
    }

    /// Waits until `hubgate cert status` prints one of these words, in any case, and returns the
    /// whole status.
    pub async fn status_with(&self, words: &[&str]) -> String {
        let what = format!("the status contains one of {words:?}");
        eventually(DEADLINE, &what, async || {
            let status = status(&self.gate).await.to_string().to_lowercase();
            words
                .iter()
                .any(|word| status.contains(&word.to_lowercase()))
        })
        .await;
        status(&self.gate).await.to_string()
    }
}

/// Returns the output of `hubgate cert status --json`.
pub async fn status(gate: &Hubgate) -> Value {
    let ran = gate.commanded(&["cert", "status", "--json"]).await;
    serde_json::from_str(&ran.stdout).unwrap_or_default()
}

/// The certificate that hubgate presents, if any.
pub async fn served(gate: &Hubgate) -> Option<Vec<u8>> {
    let client = gate.tls().accepting_any_certificate();
    client.certificate().await.ok()
}

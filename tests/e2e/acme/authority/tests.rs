//! Tests of the tests' CA with an independent ACME client.

mod faults;
mod proofs;
mod renewal;

use instant_acme::{ChallengeType, Error};

use super::{Ca, Options};
use crate::{
    acme::{client::Client, responder},
    hub::Hub,
};

/// The CA and a hub that answers http-01.
struct Fixture {
    hub: Hub,
    ca: Ca,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let hub = Hub::start().await;
        let mut options = Options::new(hub.address(), hub.address());
        change(&mut options);
        let ca = Ca::start(options).await;
        Self { hub, ca }
    }

    async fn client(&self) -> Result<Client, Error> {
        Client::register(&self.ca.directory(), &self.ca.ca_pem()).await
    }

    /// Issues for `home.test` to a new account by http-01.
    async fn issue(&self) -> Result<String, Error> {
        self.issue_to(&self.client().await?).await
    }

    async fn issue_to(&self, client: &Client) -> Result<String, Error> {
        let place = async |_: &str, token: &str, proof| {
            responder::answer(&self.hub, token, &proof);
        };
        client
            .issue(&["home.test"], ChallengeType::Http01, place)
            .await
    }
}

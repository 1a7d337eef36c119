//! dns-01 records at a real name server: created, visible, deleted.
//!
//! Without Knot DNS a test prints `skipped` and passes; with `CI=true` it fails.

use std::time::Duration;

use hubgate::acme::dns::{
    Algorithm, DnsProviderClient, Key, Outcome, Pace, Propagation, Record, Resolver, Rfc2136,
    challenge_name,
};

use crate::{harness::NameServer, real_hub::skip};

const RECORDS: &str = "home A 127.0.0.1\n_acme-challenge.garden CNAME _acme-challenge.home";

async fn start() -> Option<NameServer> {
    let server = NameServer::start(RECORDS).await;
    if server.is_none() {
        skip("knot");
    }
    server
}

fn provider(
    server: &NameServer,
    algorithm: Algorithm,
    name: &str,
    secret: &str,
) -> DnsProviderClient {
    let key = Key {
        name: name.to_owned(),
        algorithm,
        secret: secret.to_owned(),
    };
    DnsProviderClient::Rfc2136(Rfc2136::new(server.address().to_string(), &key).unwrap())
}

fn allowed(server: &NameServer) -> DnsProviderClient {
    let (key, secret) = (NameServer::KEY, NameServer::SECRET);
    provider(server, Algorithm::HmacSha256, key, secret)
}

/// Uses the server itself as the resolver.
fn propagation(server: &NameServer) -> Propagation {
    let pace = Pace {
        first: Duration::from_millis(20),
        limit: Duration::from_millis(200),
        ..Pace::default()
    };
    let resolver = Resolver::new(vec![server.address()]);
    Propagation::new(resolver, server.address().port(), pace)
}

async fn present(provider: &DnsProviderClient, name: &str, value: &str) -> Record {
    provider.present(name, value).await.unwrap()
}

#[tokio::test]
async fn values_of_a_wildcard_and_its_parent_live_together_and_go_alone() {
    let Some(server) = start().await else { return };
    let (provider, propagation) = (allowed(&server), propagation(&server));
    let name = challenge_name("*.home.example.test");
    let one = present(&provider, &name, "one").await;
    let two = present(&provider, &name, "two").await;
    present(&provider, &name, "two").await;
    assert_eq!(server.texts(&name), ["one", "two"]);
    for record in [&one, &two] {
        let outcome = propagation.wait(record).await;
        assert_eq!(outcome.unwrap(), Outcome::Served);
    }
    provider.cleanup(&one).await.unwrap();
    assert_eq!(server.texts(&name), ["two"]);
    provider.cleanup(&one).await.unwrap();
    provider.cleanup(&two).await.unwrap();
    assert!(server.texts(&name).is_empty());
}

#[tokio::test]
async fn a_record_is_written_to_the_target_of_a_cname() {
    let Some(server) = start().await else { return };
    let propagation = propagation(&server);
    let name = challenge_name("garden.example.test");
    let target = propagation.target(&name).await.unwrap();
    assert_eq!(target, "_acme-challenge.home.example.test.");
    let record = present(&allowed(&server), &target, "one").await;
    let outcome = propagation.wait(&record).await;
    assert_eq!(outcome.unwrap(), Outcome::Served);
    assert_eq!(server.texts(&name), ["one"]);
}

#[tokio::test]
async fn a_missing_record_is_reported() {
    let Some(server) = start().await else { return };
    let name = challenge_name("home.example.test");
    let record = allowed(&server).intent(&name, "one");
    let problem = propagation(&server).wait(&record).await.unwrap_err();
    assert!(problem.detail.contains("does not serve"), "{problem}");
}

#[tokio::test]
async fn refusals_of_a_real_server_are_reported_with_their_cause() {
    let Some(server) = start().await else { return };
    let (key, secret) = (NameServer::KEY, NameServer::SECRET);
    let refusal = async |provider: DnsProviderClient, domain: &str| {
        let presented = provider.present(&challenge_name(domain), "one").await;
        presented.unwrap_err().detail
    };
    let home = "home.example.test";

    let guess = provider(&server, Algorithm::HmacSha256, key, "Z3Vlc3M=");
    let detail = refusal(guess, home).await;
    assert!(detail.contains("another secret"), "{detail}");

    let stranger = provider(&server, Algorithm::HmacSha256, "stranger", secret);
    let detail = refusal(stranger, home).await;
    assert!(
        detail.contains("does not know the TSIG key stranger."),
        "{detail}"
    );

    let other = provider(&server, Algorithm::HmacSha512, key, secret);
    let detail = refusal(other, home).await;
    assert!(detail.contains("with hmac-sha512"), "{detail}");

    let detail = refusal(allowed(&server), "home.elsewhere.test").await;
    assert!(detail.contains("check that it has the zone"), "{detail}");
}

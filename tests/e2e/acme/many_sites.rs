//! Hundreds of sites, each with a certificate of its own from one CA.
//!
//! With `HUBGATE_LONG=1` there are 500 of them.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::fixture::{Fixture, PreparedFixture, status};
use crate::{harness::eventually, life::times};

/// Time for one certificate, four of which are ordered at a time on a busy machine.
const EACH: Duration = Duration::from_secs(2);
/// Bytes that a site with a certificate occupies at most.
const SHARE: usize = 256 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sites_are_certified_once_and_renewed_at_different_times() {
    let count = times(40, 500);
    let mut prepared = PreparedFixture::new().await;
    for number in 1..count {
        let site = format!(
            "{{hosts: [site-{number}.test], certificate: acme, upstream: \"{}\"}}",
            prepared.hub.url()
        );
        prepared.setup = prepared.setup.other_site(&site);
    }
    let began = Instant::now();
    let mut fixture = prepared.start().await;
    let (listened, before) = (began.elapsed(), fixture.gate.resident());
    let deadline = EACH * u32::try_from(count).unwrap();
    eventually(deadline, "all sites are certified", async || {
        valid(&fixture).await == count
    })
    .await;
    let (certified, after) = (began.elapsed(), fixture.gate.resident());
    println!(
        "{count} sites: listens after {listened:?}, certified after {certified:?}, {} and {} MiB",
        before >> 20,
        after >> 20
    );
    eventually(
        deadline,
        "each is renewed at a moment of its own",
        async || renewals(&status(&fixture.gate).await).len() == count,
    )
    .await;
    let share = after.saturating_sub(before) / count;
    assert!(share < SHARE, "{share} bytes each");
    fixture.gate.kill();
    let began = Instant::now();
    fixture.gate.start_again().await;
    println!("listens again after {:?}", began.elapsed());
    eventually(deadline, "all certificates are kept", async || {
        valid(&fixture).await == count
    })
    .await;
    assert_eq!(
        (fixture.ca.orders().len(), fixture.ca.issued().len()),
        (count, count)
    );
}

/// Sites with a valid certificate.
async fn valid(fixture: &Fixture) -> usize {
    let status = status(&fixture.gate).await;
    let all = status.as_array().into_iter().flatten();
    all.filter(|one| one["standing"] == "valid").count()
}

/// The moments at which certificates are renewed.
fn renewals(status: &Value) -> BTreeSet<String> {
    let all = status.as_array().into_iter().flatten();
    let moments = all.filter_map(|one| one["next_at"].as_str());
    moments.map(str::to_owned).collect()
}

//! A keeper outlives a fault in the program itself.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::*;
use crate::{
    acme::store::{Entry, Fault, Files, Kind, Lock, Store},
    config,
    file_access::FileAccess,
    tls::{Issued, install_provider, testing::Folder},
};

/// A store in which whoever wants to order panics.
struct Panicking(Files);

impl Store for Panicking {
    fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault> {
        self.0.read(entry)
    }

    fn write(&self, entry: &Entry, content: &[u8]) -> Result<(), Fault> {
        self.0.write(entry, content)
    }

    fn remove(&self, entry: &Entry) -> Result<(), Fault> {
        self.0.remove(entry)
    }

    fn set_aside(&self, entry: &Entry, seen: &[u8]) -> Result<String, Fault> {
        self.0.set_aside(entry, seen)
    }

    fn list(&self, kind: Kind) -> Result<Vec<Entry>, Fault> {
        self.0.list(kind)
    }

    fn lock(&self, _: &Entry) -> Result<Option<Lock>, Fault> {
        panic!("a fault of the test's")
    }
}

const SITE: &str = "acme: {lineages: none}\n\
    sites: [{hosts: [home.example.org], certificate: acme, upstream: 'http://hub:1', access: public}]";

#[tokio::test]
async fn a_panic_ends_one_job_and_not_the_keeper() {
    install_provider();
    let folder = Folder::new();
    let config = config::parse(SITE, &folder.path("proxy.yaml")).unwrap();
    let store = Panicking(Files::open(&folder.path("")));
    let shared = Arc::new(Shared::new(Arc::new(store), FileAccess::default()));
    let hosts = &config.sites[0].hosts;
    let slot = Issued::default().slot(hosts, &shared.roots).unwrap();
    let keeper = Arc::new(Keeper::load(hosts, config.acme, slot, shared));
    let stop = CancellationToken::new();
    let running = tokio::spawn(keeper.clone().run(stop.clone()));
    let told = async {
        while keeper.state(OffsetDateTime::now_utc()).problem.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), told).await.unwrap();
    let problem = keeper.state(OffsetDateTime::now_utc()).problem.unwrap();
    assert_eq!(problem.class, Class::Local);
    assert!(problem.sentence.contains("a fault in hubgate itself"));
    assert!(!running.is_finished());
    stop.cancel();
    timeout(Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap();
}

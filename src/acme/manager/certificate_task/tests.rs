//! A certificate task survives a panic.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    acme::{
        manager::certificate_task::*,
        problem::Class,
        store::{Entry, Fault, FileStore, Kind, Lock, Store},
    },
    config,
    file_access::FileAccess,
    tls::{AcmeCertificates, install_provider, testing::Folder},
};

/// A store that panics when it is locked for an order.
struct Panicking(FileStore);

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
        panic!("the test's panic")
    }
}

const SITE: &str = "acme: {lineages: none}\n\
    sites: [{hosts: [home.example.org], certificate: acme, upstream: 'http://hub:1', access: public}]";

#[tokio::test]
async fn a_panic_ends_one_job_but_not_the_task() {
    install_provider();
    let folder = Folder::new();
    let config = config::parse(SITE, &folder.path("proxy.yaml")).unwrap();
    let store = Panicking(FileStore::open(&folder.path("")));
    let shared = Arc::new(Shared::new(Arc::new(store), FileAccess::default()));
    let hosts = &config.sites[0].hosts;
    let slot = AcmeCertificates::default()
        .slot(hosts, &shared.roots)
        .unwrap();
    let task = Arc::new(CertificateTask::load(hosts, config.acme, slot, shared));
    let stop = CancellationToken::new();
    let running = tokio::spawn(task.clone().run(stop.clone()));
    let reported = async {
        while task.report(OffsetDateTime::now_utc()).problem.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), reported).await.unwrap();
    let problem = task.report(OffsetDateTime::now_utc()).problem.unwrap();
    assert_eq!(problem.class, Class::Local);
    assert!(problem.sentence.contains("a fault in hubgate itself"));
    assert!(!running.is_finished());
    stop.cancel();
    timeout(Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap();
}

//! The accounts at the CAs: one for each CA, registered once and kept.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};
use tracing::{error, info};

use super::{
    authority::{CertificateAuthority, ExternalAccount, Settings},
    client::HttpsClient,
    problem::{Class, Problem},
    store::{Entry, Kind, Lock, Store},
};
use crate::{
    config::model::{Authority, Eab},
    file_access::FileAccess,
    regular_file,
};

/// How long another process may take to register the same account.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(100);

/// The accounts at the CAs.
pub(super) struct Accounts {
    store: Arc<dyn Store>,
    files: FileAccess,
    /// What could not be kept: each loss would be another registration, and CAs count them.
    unkept: Mutex<HashMap<Entry, Vec<u8>>>,
}

impl Accounts {
    pub(super) fn new(store: Arc<dyn Store>, files: FileAccess) -> Self {
        Self {
            store,
            files,
            unkept: Mutex::default(),
        }
    }

    /// Speaks to a CA as the account kept for it, which is registered if there is none.
    ///
    /// One at a time, so that many certificates that begin together register one account.
    pub(super) async fn connect(
        &self,
        authority: &Authority,
        email: Option<&str>,
    ) -> Result<CertificateAuthority, Problem> {
        let mut unkept = self.unkept.lock().await;
        let entry = entry(authority);
        let _alone = self.lock(&entry).await;
        let kept = match unkept.get(&entry) {
            Some(credentials) => Some(credentials.clone()),
            None => self.read(&entry),
        };
        let root = authority.root.clone();
        let client = self.files.wait(move || HttpsClient::load(root.as_deref()));
        let client = client.map_err(|fault| local(&fault))?;
        let client = client.map_err(|fault| local(&fault))?;
        // Only a registration needs the key of the binding, which may be gone afterwards.
        let eab = authority.eab.as_ref().filter(|_| kept.is_none());
        let settings = self.settings(authority, email, eab)?;
        let connected = CertificateAuthority::connect(&client, &settings, kept.as_deref()).await;
        let (connected, new) = connected.inspect_err(|it| self.forget_if_gone(&entry, it))?;
        if let Some(credentials) = new {
            info!("registered with the CA as {}", connected.account_url());
            self.keep(&mut unkept, entry, credentials);
        }
        Ok(connected)
    }

    /// Forgets an account that the CA does not know any more; the next order registers another.
    pub(super) async fn forget(&self, authority: &Authority) {
        let entry = entry(authority);
        self.unkept.lock().await.remove(&entry);
        self.remove(&entry);
    }

    fn keep(&self, unkept: &mut HashMap<Entry, Vec<u8>>, entry: Entry, credentials: Vec<u8>) {
        match self.store.write(&entry, &credentials) {
            Ok(()) => drop(unkept.remove(&entry)),
            Err(fault) => {
                error!("{fault}; the account is lost with the end of this process");
                unkept.insert(entry, credentials);
            }
        }
    }

    /// A store that cannot be read must not keep from having a certificate.
    fn read(&self, entry: &Entry) -> Option<Vec<u8>> {
        let read = self.store.read(entry);
        read.inspect_err(|fault| error!("{fault}")).ok().flatten()
    }

    fn forget_if_gone(&self, entry: &Entry, problem: &Problem) {
        if problem.class == Class::AccountGone {
            self.remove(entry);
        }
    }

    fn remove(&self, entry: &Entry) {
        if let Err(fault) = self.store.remove(entry) {
            error!("{fault}");
        }
    }

    fn settings(
        &self,
        authority: &Authority,
        email: Option<&str>,
        eab: Option<&Eab>,
    ) -> Result<Settings, Problem> {
        let eab = eab.cloned();
        let read = move || eab.as_ref().map(external_account).transpose();
        let external_account = self.files.wait(read).map_err(|fault| local(&fault))?;
        Ok(Settings {
            directory: authority.directory.clone(),
            email: email.map(str::to_owned),
            external_account: external_account?,
        })
    }

    /// The lock of an account; without one, if somebody holds it for too long.
    async fn lock(&self, entry: &Entry) -> Option<Lock> {
        let locked = async {
            loop {
                match self.store.lock(entry) {
                    Ok(None) => sleep(LOOK).await,
                    locked => return locked.ok().flatten(),
                }
            }
        };
        timeout(PATIENCE, locked).await.ok().flatten()
    }
}

/// Accounts that are booked on different keys are different.
fn entry(authority: &Authority) -> Entry {
    let key = authority.eab.as_ref().map_or("", |eab| eab.key_id.as_str());
    let name = format!("{} {key}", authority.directory);
    Entry::new(Kind::Account, name.trim_end())
}

fn external_account(eab: &Eab) -> Result<ExternalAccount, Problem> {
    let hmac_key = regular_file::read_to_string(&eab.hmac_key).map_err(|fault| {
        let file = eab.hmac_key.display();
        Problem::new(Class::Local, format!("{file}: cannot be read ({fault})"))
    })?;
    let key_id = eab.key_id.clone();
    Ok(ExternalAccount { key_id, hmac_key })
}

fn local(fault: &dyn std::fmt::Display) -> Problem {
    Problem::new(Class::Local, fault.to_string())
}

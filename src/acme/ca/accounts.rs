//! The ACME accounts: one for each CA, registered once and stored.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};
use tracing::{error, info};

use super::{AccountSettings, CaClient, ExternalAccountBinding};
use crate::{
    acme::{
        https::HttpsClient,
        problem::{Class, Problem},
        store::{Entry, Kind, Lock, Store},
    },
    config::model::{Ca, Eab},
    file_access::FileAccess,
    regular_file,
};

/// Longest wait for another process that registers the same account.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval between two attempts to lock an account.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

/// The ACME accounts.
pub(crate) struct Accounts {
    store: Arc<dyn Store>,
    files: FileAccess,
    /// Credentials that the store did not take, so that they are not registered again: CAs limit
    /// registrations.
    unsaved: Mutex<HashMap<Entry, Vec<u8>>>,
}

impl Accounts {
    pub(crate) fn new(store: Arc<dyn Store>, files: FileAccess) -> Self {
        Self {
            store,
            files,
            unsaved: Mutex::default(),
        }
    }

    /// Connects to a CA with its stored account; registers one if there is none.
    ///
    /// Callers are serialized, so that certificates that start together register one account.
    ///
    /// # Errors
    /// A file that cannot be read, or a problem of the CA.
    pub(crate) async fn connect(
        &self,
        authority: &Ca,
        email: Option<&str>,
    ) -> Result<CaClient, Problem> {
        let mut unsaved = self.unsaved.lock().await;
        let entry = Entry::for_account(authority);
        let _lock = self.lock(&entry).await;
        let stored = match unsaved.get(&entry) {
            Some(credentials) => Some(credentials.clone()),
            None => self.read(&entry),
        };
        let root = authority.root.clone();
        let client = self.files.wait(move || HttpsClient::load(root.as_deref()));
        let client = client.map_err(Problem::local)?.map_err(Problem::local)?;
        // Only a registration needs the key file of the binding, which may be deleted afterwards.
        let eab = authority.eab.as_ref().filter(|_| stored.is_none());
        let settings = self.settings(authority, email, eab)?;
        let connected = CaClient::connect(&client, &settings, stored.as_deref()).await;
        let (connected, new) =
            connected.inspect_err(|problem| self.forget_if_gone(&entry, problem))?;
        if let Some(credentials) = new {
            info!("registered with the CA as {}", connected.account_url());
            self.save(&mut unsaved, entry, credentials);
        }
        Ok(connected)
    }

    /// Removes an account that no longer exists at the CA; the next order registers a new one.
    pub(crate) async fn forget(&self, authority: &Ca) {
        let entry = Entry::for_account(authority);
        self.unsaved.lock().await.remove(&entry);
        self.remove(&entry);
    }

    fn save(&self, unsaved: &mut HashMap<Entry, Vec<u8>>, entry: Entry, credentials: Vec<u8>) {
        match self.store.write(&entry, &credentials) {
            Ok(()) => drop(unsaved.remove(&entry)),
            Err(fault) => {
                error!("{fault}; the account is lost when this process ends");
                unsaved.insert(entry, credentials);
            }
        }
    }

    /// Reads the credentials. A store that cannot be read does not prevent a registration.
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
        authority: &Ca,
        email: Option<&str>,
        eab: Option<&Eab>,
    ) -> Result<AccountSettings, Problem> {
        let eab = eab.cloned();
        let load = move || eab.as_ref().map(ExternalAccountBinding::load).transpose();
        let external_account = self.files.wait(load).map_err(Problem::local)?;
        Ok(AccountSettings {
            directory: authority.directory.clone(),
            email: email.map(str::to_owned),
            external_account: external_account?,
        })
    }

    /// Locks an account; none if another process holds the lock for too long.
    async fn lock(&self, entry: &Entry) -> Option<Lock> {
        let locked = async {
            loop {
                match self.store.lock(entry) {
                    Ok(None) => sleep(LOCK_INTERVAL).await,
                    locked => return locked.ok().flatten(),
                }
            }
        };
        timeout(LOCK_TIMEOUT, locked).await.ok().flatten()
    }
}

impl Entry {
    /// Returns the entry of the account at a CA, separate for each external account.
    fn for_account(authority: &Ca) -> Self {
        let key = authority.eab.as_ref().map_or("", |eab| eab.key_id.as_str());
        let name = format!("{} {key}", authority.directory);
        Self::new(Kind::Account, name.trim_end())
    }
}

impl ExternalAccountBinding {
    fn load(eab: &Eab) -> Result<Self, Problem> {
        let hmac_key = regular_file::read_to_string(&eab.hmac_key).map_err(|fault| {
            let file = eab.hmac_key.display();
            Problem::local(format!("{file}: cannot be read ({fault})"))
        })?;
        let key_id = eab.key_id.clone();
        Ok(Self { key_id, hmac_key })
    }
}

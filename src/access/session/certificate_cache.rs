//! Cache of the client certificates of sessions, with their chains.
//!
//! A session names a certificate, which is validated at each request as if the connection had
//! presented it. The cache is in memory only: after a restart the client has to present the
//! certificate again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    recent_map::RecentMap,
    tls::{ClientChain, Identity},
};

/// A client certificate with its intermediates and the verdicts on them.
pub type Chain = ClientChain;

/// The chains presented most recently, by [`Identity::key`].
pub struct CertificateCache(Mutex<Recency>);

type Recency = RecentMap<[u8; 32], Arc<Chain>>;

/// Most chains in the cache; the half that was stored last always stays.
const CAPACITY: usize = 1000;
/// Longest chain in the cache, in bytes; chains of known CAs are shorter.
const MAX_CHAIN: usize = 16 * 1024;

impl Default for CertificateCache {
    fn default() -> Self {
        Self(Mutex::new(RecentMap::new(CAPACITY)))
    }
}

impl CertificateCache {
    /// Stores a valid chain, and evicts those presented longest ago.
    pub fn store(&self, identity: &Identity, chain: &Arc<Chain>) {
        if chain.length() > MAX_CHAIN {
            return;
        }
        let (key, mut chains) = (identity.key(), self.lock());
        // An equal stored chain stays, because it has verdicts.
        let is_equal = |stored: &&Arc<Chain>| Arc::ptr_eq(stored, chain) || *stored == chain;
        let stored = chains.get(&key).filter(is_equal).unwrap_or(chain).clone();
        chains.insert(key, stored);
    }

    /// Returns the chain of an [`Identity::key`].
    #[must_use]
    pub fn get(&self, key: &[u8; 32]) -> Option<Arc<Chain>> {
        self.lock().get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Recency> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::tls::testing::{Folder, TestCa};

    #[test]
    fn a_chain_is_found_by_its_identity_and_the_oldest_is_evicted() {
        let (ca, folder) = (TestCa::new("Home CA"), Folder::new());
        let trust = ca.client_ca(&folder);
        let shown = ["anna", "ben"].map(|name| {
            let chain = ca.issue(name).chain;
            let identity = trust
                .validate(&chain, std::time::SystemTime::now())
                .unwrap();
            (identity, Arc::new(ClientChain::from_handshake(&chain)))
        });
        let [(anna, hers), (ben, his)] = shown;
        let chains = CertificateCache::default();
        chains.store(&anna, &hers);
        assert_eq!(chains.get(&anna.key()).unwrap(), hers);
        assert!(chains.get(&ben.key()).is_none());
        for number in 1..CAPACITY {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            let chain = chains.get(&anna.key()).unwrap();
            chains.lock().insert(key, chain);
        }
        chains.store(&ben, &his);
        assert!(chains.lock().len() <= CAPACITY);
        assert!(chains.get(&anna.key()).is_none() && chains.get(&ben.key()).is_some());
        let mut long = ca.issue("anna").chain;
        long.push(CertificateDer::from(vec![0; MAX_CHAIN]));
        let long = Arc::new(ClientChain::from_handshake(&long));
        assert!(long.length() > MAX_CHAIN);
        chains.store(&anna, &long);
        assert!(chains.get(&anna.key()).is_none());
    }
}

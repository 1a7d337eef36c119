//! The certificates behind sessions: the chains as they were shown last.
//!
//! A session names a certificate and is judged by it as if it were shown again. Kept in memory
//! only: after a restart it has to be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    access::recent::Recent,
    tls::{ClientChain, Identity},
};

/// A certificate and those above it, with the verdicts on them.
pub type Chain = ClientChain;

/// The chains shown last, by [`Identity::key`].
pub struct Chains(Mutex<Remembered>);

type Remembered = Recent<[u8; 32], Arc<Chain>>;

/// Chains remembered at most; at least half of them.
const MOST: usize = 1000;
/// Bytes of a chain beyond which it is not remembered: some CAs make long ones, none as long.
const LONGEST: usize = 16 * 1024;

impl Default for Chains {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(MOST)))
    }
}

impl Chains {
    /// Remembers a valid chain; those shown longest ago are forgotten for it.
    pub fn remember(&self, identity: &Identity, chain: &Arc<Chain>) {
        if chain.length() > LONGEST {
            return;
        }
        let (key, mut chains) = (identity.key(), self.lock());
        // The same one stays: the verdicts on it are known.
        let is_same = |kept: &&Arc<Chain>| Arc::ptr_eq(kept, chain) || *kept == chain;
        let kept = chains.get(&key).filter(is_same).unwrap_or(chain).clone();
        chains.insert(key, kept);
    }

    /// The chain of an identity.
    #[must_use]
    pub fn of(&self, key: &[u8; 32]) -> Option<Arc<Chain>> {
        self.lock().get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::tls::testing::{Folder, TestCa};

    #[test]
    fn a_chain_is_found_by_its_identity_and_the_oldest_gives_way() {
        let (ca, folder) = (TestCa::new("Home CA"), Folder::new());
        let trust = ca.client_ca(&folder);
        let shown = ["anna", "ben"].map(|name| {
            let chain = ca.issue(name).chain;
            let identity = trust.judge(&chain, std::time::SystemTime::now()).unwrap();
            (identity, Arc::new(ClientChain::received(&chain)))
        });
        let [(anna, hers), (ben, his)] = shown;
        let chains = Chains::default();
        chains.remember(&anna, &hers);
        assert_eq!(chains.of(&anna.key()).unwrap(), hers);
        assert!(chains.of(&ben.key()).is_none());
        for number in 1..MOST {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            let chain = chains.of(&anna.key()).unwrap();
            chains.lock().insert(key, chain);
        }
        chains.remember(&ben, &his);
        assert!(chains.lock().len() <= MOST);
        assert!(chains.of(&anna.key()).is_none() && chains.of(&ben.key()).is_some());
        let mut long = ca.issue("anna").chain;
        long.push(CertificateDer::from(vec![0; LONGEST]));
        let long = Arc::new(ClientChain::received(&long));
        assert!(long.length() > LONGEST);
        chains.remember(&anna, &long);
        assert!(chains.of(&anna.key()).is_none());
    }
}

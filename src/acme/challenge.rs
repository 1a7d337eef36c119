//! Proofs that are up, for a CA to look at: answers on port 80 (RFC 8555, 8.3) and handshakes on
//! port 443 (RFC 8737).
//!
//! Each is up as long as its `Presented` lives, and each visit is remembered. The CA is not
//! spoken to here, and no socket is read.

mod hit;
mod live;
#[cfg(test)]
mod tests;
mod tls_alpn;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::ServerConfig;
use time::OffsetDateTime;

pub use self::hit::Hit;
use self::live::{Live, Proof};
use super::problem::{Class, Problem};
use crate::config::model::{ChallengeKind, Host};

/// Where the CA looks for http-01.
const WELL_KNOWN: &str = "/.well-known/acme-challenge/";

/// The proofs that are up; clones share them.
#[derive(Clone, Default)]
pub struct Challenges {
    live: Arc<Mutex<Vec<Arc<Live>>>>,
}

/// A proof that is up until this is dropped.
pub struct Presented {
    challenges: Challenges,
    live: Arc<Live>,
}

impl Challenges {
    /// Puts up the answer to a token of http-01.
    #[must_use]
    pub fn present_http(&self, token: &str, key_authorization: &str) -> Presented {
        self.present(Proof::Http {
            token: token.to_owned(),
            answer: key_authorization.to_owned(),
        })
    }

    /// Puts up the certificate of tls-alpn-01; `digest` is the SHA-256 of the key authorization.
    ///
    /// # Errors
    /// `Class::Provider`: a wildcard, which cannot be proven so, or no certificate can be made.
    pub fn present_tls_alpn(
        &self,
        identifier: &Host,
        digest: &[u8; 32],
    ) -> Result<Presented, Problem> {
        let config = tls_alpn::config(identifier, digest);
        let config = config.map_err(|fault| {
            Problem::new(
                Class::Provider,
                format!("no certificate of tls-alpn-01 for {identifier}: {fault:#}"),
            )
        })?;
        Ok(self.present(Proof::TlsAlpn {
            name: tls_alpn::server_name(identifier),
            config,
        }))
    }

    /// The body to answer with, for a path exactly as the CA asks for it; none if the token is
    /// not up. The visit is remembered.
    #[must_use]
    pub fn answer_http(&self, path: &str, peer: IpAddr) -> Option<String> {
        let token = path.strip_prefix(WELL_KNOWN)?;
        let is_asked = |proof: &Proof| proof.http(token).is_some();
        let found = self.visit(ChallengeKind::Http01, peer, is_asked)?;
        found.proof.http(token).map(str::to_owned)
    }

    /// The configuration for a handshake that offers exactly `acme-tls/1`; none if no proof for
    /// the server's name is up. The visit is remembered.
    #[must_use]
    pub fn tls_alpn_config(&self, server_name: &str, peer: IpAddr) -> Option<Arc<ServerConfig>> {
        let is_asked = |proof: &Proof| proof.tls_alpn(server_name).is_some();
        let found = self.visit(ChallengeKind::TlsAlpn01, peer, is_asked)?;
        found.proof.tls_alpn(server_name).map(Arc::clone)
    }

    fn present(&self, proof: Proof) -> Presented {
        let live = Arc::new(Live::new(proof));
        self.lock().push(Arc::clone(&live));
        Presented {
            challenges: self.clone(),
            live,
        }
    }

    /// The newest proof that is asked for. Who finds none is remembered with all of that kind:
    /// it tells an operator that the way is open.
    fn visit(
        &self,
        kind: ChallengeKind,
        peer: IpAddr,
        is_asked: impl Fn(&Proof) -> bool,
    ) -> Option<Arc<Live>> {
        let all = self.lock();
        let found = all.iter().rev().find(|live| is_asked(&live.proof));
        let hit = Hit {
            peer: peer.to_canonical(),
            at: OffsetDateTime::now_utc(),
            answered: found.is_some(),
        };
        match found {
            Some(live) => live.remember(hit),
            None => all
                .iter()
                .filter(|live| live.proof.kind() == kind)
                .for_each(|live| live.remember(hit)),
        }
        found.cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presented {
    /// Who came to look so far, the earliest first; a bounded number.
    #[must_use]
    pub fn hits(&self) -> Vec<Hit> {
        self.live.hits()
    }
}

impl Drop for Presented {
    fn drop(&mut self) {
        self.challenges
            .lock()
            .retain(|live| !Arc::ptr_eq(live, &self.live));
    }
}

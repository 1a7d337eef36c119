//! One server of an upstream: where it is, and whether it rests.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use pingora_core::{protocols::l4::socket::SocketAddr, upstreams::peer::HttpPeer};

use crate::config::model;

/// One server.
pub(super) struct Server {
    config: model::Server,
    found: Mutex<Found>,
}

/// What a look-up gave, and until when the server is passed over.
#[derive(Default)]
struct Found {
    peers: Vec<HttpPeer>,
    at: Option<Instant>,
    rests_until: Option<Instant>,
}

/// How long the addresses of a name are used without a new look-up.
const LOOKED_UP: Duration = Duration::from_secs(10);
/// How long a server is passed over after it could not be reached.
const REST: Duration = Duration::from_secs(10);

impl Server {
    pub(super) fn new(config: model::Server) -> Self {
        Self {
            config,
            found: Mutex::default(),
        }
    }

    /// A peer for each address of the server, looked up again when they are old.
    pub(super) async fn peers(&self) -> io::Result<Vec<HttpPeer>> {
        if let Some(peers) = self.known() {
            return Ok(peers);
        }
        let peers = look_up(&self.config).await?;
        let mut found = self.found();
        found.peers.clone_from(&peers);
        found.at = Some(Instant::now());
        Ok(peers)
    }

    pub(super) fn is_at(&self, address: &SocketAddr) -> bool {
        self.found()
            .peers
            .iter()
            .any(|peer| peer._address == *address)
    }

    /// How many addresses it had at the last look-up.
    pub(super) fn count(&self) -> usize {
        self.found().peers.len()
    }

    /// Passes the server over for a while, and looks it up again then.
    pub(super) fn rest(&self) {
        let mut found = self.found();
        found.rests_until = Some(Instant::now() + REST);
        found.at = None;
    }

    pub(super) fn rests(&self) -> bool {
        self.found()
            .rests_until
            .is_some_and(|until| Instant::now() < until)
    }

    fn known(&self) -> Option<Vec<HttpPeer>> {
        let found = self.found();
        let fresh = found.at?.elapsed() < LOOKED_UP;
        fresh.then(|| found.peers.clone())
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look_up(server: &model::Server) -> io::Result<Vec<HttpPeer>> {
    match server {
        model::Server::Unix(path) => {
            let peer = HttpPeer::new_uds(&path.to_string_lossy(), false, String::new());
            Ok(vec![peer.map_err(io::Error::other)?])
        }
        model::Server::Tcp { host, port, tls } => {
            let addresses = tokio::net::lookup_host((host.as_str(), *port)).await?;
            Ok(addresses
                .map(|address| HttpPeer::new(address, *tls, host.clone()))
                .collect())
        }
    }
}

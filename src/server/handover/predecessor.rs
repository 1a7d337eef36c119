//! The old process of a hand-over, from the new one's side.

use std::{env, os::unix::net::UnixDatagram, path::PathBuf, time::Duration};

use rustix::process::{Pid, getpgid, getppid, setpgid};
use tokio::{io::AsyncReadExt, net::UnixStream, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{PROBE, READY, sockets::accepting};
use crate::acme::Certificates;

/// The old process of a hand-over.
pub(in crate::server) struct Predecessor {
    ready: PathBuf,
    group: Option<Pid>,
}

/// Longest time that the old process accepts after the new one is ready.
const OVERLAP_LIMIT: Duration = Duration::from_secs(120);

impl Predecessor {
    /// Returns the process that started this one for a hand-over.
    pub(in crate::server) fn from_env() -> Option<Self> {
        let ready = env::var_os(READY)?.into();
        let group = getppid().and_then(|parent| getpgid(Some(parent)).ok());
        Some(Self { ready, group })
    }

    /// Returns the last segment of the probe's path.
    pub(in crate::server) fn probe() -> Option<String> {
        env::var(PROBE).ok().filter(|token| !token.is_empty())
    }

    /// Reports that this process is ready.
    pub(in crate::server) fn notify_ready(&self) {
        let sent = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.send_to(b"ready", &self.ready)
        });
        if let Err(error) = sent {
            warn!("the old process was not notified that this one is ready: {error}");
        }
    }

    /// Delays ACME orders while the old process accepts, since a CA could validate there; then
    /// cancels `alone` and joins its process group, so that Ctrl-C in its shell reaches this
    /// process.
    pub(in crate::server) async fn delay_orders(
        &self,
        certificates: &Certificates,
        alone: &CancellationToken,
    ) {
        let (group, alone) = (self.group, alone.clone().drop_guard());
        let Ok(mut accepting) = UnixStream::connect(accepting(&self.ready)).await else {
            return;
        };
        let orders_paused = certificates.pause_orders().await;
        tokio::spawn(async move {
            timeout(OVERLAP_LIMIT, accepting.read(&mut [0])).await.ok();
            drop(orders_paused);
            setpgid(None, group).ok();
            drop(alone);
        });
    }
}

//! The old process of a hand-over, as the new one sees it.

use std::{env, os::unix::net::UnixDatagram, path::PathBuf, time::Duration};

use rustix::process::{Pid, getpgid, getppid, setpgid};
use tokio::{io::AsyncReadExt, net::UnixStream, time::timeout};
use tracing::warn;

use super::{PROBE, READY, sockets::accepting};
use crate::acme::Certificates;

/// The old process of a hand-over.
pub(in crate::server) struct Predecessor {
    ready: PathBuf,
    group: Option<Pid>,
}

/// How long the old process may accept after the new one is ready.
const LONGEST: Duration = Duration::from_secs(120);

impl Predecessor {
    /// The process that started this one to take over, if one did.
    pub(in crate::server) fn from_env() -> Option<Self> {
        let ready = env::var_os(READY)?.into();
        let group = getppid().and_then(|parent| getpgid(Some(parent)).ok());
        Some(Self { ready, group })
    }

    /// Last segment of the path of its probe.
    pub(in crate::server) fn probe() -> Option<String> {
        env::var(PROBE).ok().filter(|token| !token.is_empty())
    }

    /// Reports that this process serves.
    pub(in crate::server) fn is_ready(&self) {
        let sent = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.send_to(b"ready", &self.ready)
        });
        if let Err(error) = sent {
            warn!("the old process was not notified that this one is ready: {error}");
        }
    }

    /// Lets no order begin here while the old process accepts, as a CA would look for the proof
    /// there; then joins its process group, so that a shell's Ctrl-C reaches this process as it
    /// reached that one.
    pub(in crate::server) async fn delay_orders(&self, certificates: &Certificates) {
        let group = self.group;
        let Ok(mut accepting) = UnixStream::connect(accepting(&self.ready)).await else {
            return;
        };
        let at_rest = certificates.at_rest().await;
        tokio::spawn(async move {
            timeout(LONGEST, accepting.read(&mut [0])).await.ok();
            drop(at_rest);
            setpgid(None, group).ok();
        });
    }
}

//! `hubgate demo`: a self-signed site with a password, before this machine's hub or a stand-in.
//!
//! Its files are written into a temporary folder, and served by the same code as any other site.

mod hub;
mod site;

use std::{
    fmt,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use rustix::process::{self, getpid, kill_process};
use tokio::{
    runtime::{self, Runtime},
    signal::unix::{Signal, SignalKind, signal},
};

use self::site::{Folder, Site, USER};
use super::print;
use crate::server::{self, RunMode};

/// Address of openHAB on this machine.
const HUB: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Time within which a hub must answer an HTTP request.
const HUB_TIMEOUT: Duration = Duration::from_secs(2);
/// Time within which the site must accept connections.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// The port, and the hub behind it.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Port to listen on; if it is taken, one of the next ports.
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Use the stand-in even if openHAB answers.
    #[arg(long)]
    stand_in: bool,
}

impl Demo {
    /// Serves the demo until it is interrupted.
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let folder = Folder::new()?;
        let site = Site::new(self.port)?;
        let stand_in = (self.stand_in || !speaks_http(HUB))
            .then(bind_stand_in)
            .transpose()?;
        let hub = stand_in.as_ref().map_or(Ok(HUB), TcpListener::local_addr)?;
        let config = site.write(folder.path(), hub)?;
        let reason = self.reason(stand_in.is_some());
        let announcement = Announcement { site, hub, reason };
        Companion::new(stand_in)?.spawn();
        thread::spawn(move || announcement.print_once_served());
        let ended = server::run(config, RunMode::Demo);
        folder.remove();
        ended
    }

    fn reason(&self, is_stand_in: bool) -> &'static str {
        match (is_stand_in, self.stand_in) {
            (false, _) => "the one that answers there",
            (true, true) => "a stand-in",
            (true, false) => "a stand-in, as no hub answers on port 8080",
        }
    }
}

/// True if a server answers an HTTP request at the address.
fn speaks_http(hub: SocketAddr) -> bool {
    let mut begin = [0; 5];
    let mut request = || {
        let mut stream = TcpStream::connect_timeout(&hub, HUB_TIMEOUT)?;
        stream.set_read_timeout(Some(HUB_TIMEOUT))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read_exact(&mut begin)
    };
    request().is_ok() && begin == *b"HTTP/"
}

/// Binds a free port for the stand-in, since openHAB may need its own later.
fn bind_stand_in() -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("starting the stand-in")?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A thread beside the server, for the stand-in and the signals of the demo.
struct Companion {
    runtime: Runtime,
    stand_in: Option<tokio::net::TcpListener>,
    interrupt: Signal,
    hangup: Signal,
}

impl Companion {
    fn new(stand_in: Option<TcpListener>) -> anyhow::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        let stand_in = stand_in
            .map(tokio::net::TcpListener::from_std)
            .transpose()?;
        let interrupt = signal(SignalKind::interrupt())?;
        let hangup = signal(SignalKind::hangup())?;
        drop(entered);
        Ok(Self {
            runtime,
            stand_in,
            interrupt,
            hangup,
        })
    }

    fn spawn(mut self) {
        thread::spawn(move || {
            self.runtime.block_on(async {
                let end_on_signal = async {
                    tokio::select! {
                        _ = self.interrupt.recv() => {}
                        _ = self.hangup.recv() => {}
                    }
                    end_at_once();
                };
                let serve_hub = async {
                    if let Some(listener) = self.stand_in {
                        hub::serve(listener).await.ok();
                    }
                };
                tokio::join!(end_on_signal, serve_hub);
            });
        });
    }
}

/// Signals the server twice, so that it does not wait for the requests of an open page.
fn end_at_once() {
    for signal in [process::Signal::INT, process::Signal::TERM] {
        kill_process(getpid(), signal).ok();
    }
}

/// The URL, the login, and the hub.
struct Announcement {
    site: Site,
    hub: SocketAddr,
    reason: &'static str,
}

impl Announcement {
    fn print_once_served(&self) {
        let begin = Instant::now();
        let is_served = || TcpStream::connect(self.site.address).is_ok();
        while !is_served() && begin.elapsed() < START_TIMEOUT {
            thread::sleep(Duration::from_millis(20));
        }
        print(&self.to_string()).ok();
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { site, hub, reason } = self;
        let port = site.address.port();
        writeln!(f, "\n  open      https://localhost:{port}")?;
        if let Some(machine) = site.machine {
            writeln!(
                f,
                "  or        https://{machine}:{port} from another device"
            )?;
        }
        writeln!(f, "  user      {USER}")?;
        writeln!(f, "  password  {}", site.password)?;
        writeln!(f, "  hub       http://{hub} ({reason})\n")?;
        writeln!(
            f,
            "The certificate is self-signed: the browser asks once whether to go on.\n\
             Ctrl-C ends the demo and leaves nothing behind.\n"
        )
    }
}

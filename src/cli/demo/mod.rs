//! `hubgate demo`: everything in front of a hub, ready to click.
//!
//! A self-signed site with a password, made in a temporary folder and run by
//! the same code as any other; behind it this machine's hub, or a stand-in.

mod hub;
mod site;

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use self::site::{Folder, Site, USER};
use super::print;
use crate::server::{self, RunMode};

/// Where openHAB listens.
const HUB: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// How long a hub may take to say that it speaks HTTP.
const ANSWER: Duration = Duration::from_secs(2);
/// How long the site may take to answer.
const START: Duration = Duration::from_secs(10);

/// Runs the demo until it is interrupted.
pub(super) fn run(port: u16, stand_in: bool) -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let site = Site::new(port)?;
    let own = (stand_in || !answers(HUB)).then(own_hub).transpose()?;
    let hub = own.as_ref().map_or(Ok(HUB), TcpListener::local_addr)?;
    let why = match (&own, stand_in) {
        (None, _) => "the one that answers there",
        (Some(_), true) => "a stand-in",
        (Some(_), false) => "a stand-in, as no hub answers on port 8080",
    };
    let config = site.write(folder.path(), hub)?;
    accompany(own)?;
    thread::spawn(move || announce(&site, &format!("http://{hub} ({why})")));
    let ended = server::run(config, RunMode::Demo);
    folder.remove();
    ended
}

/// Whether HTTP is spoken there.
fn answers(hub: SocketAddr) -> bool {
    let mut begin = [0; 5];
    let mut ask = || {
        let mut stream = TcpStream::connect_timeout(&hub, ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read_exact(&mut begin)
    };
    ask().is_ok() && begin == *b"HTTP/"
}

/// A socket for the stand-in, on a port that openHAB does not want.
fn own_hub() -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("starting the stand-in")?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Runs beside the server: the stand-in, and the demo's own way to end.
fn accompany(own_hub: Option<TcpListener>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let entered = runtime.enter();
    let own_hub = own_hub.map(tokio::net::TcpListener::from_std).transpose()?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    drop(entered);
    thread::spawn(move || {
        runtime.block_on(async {
            let ended = async {
                tokio::select! {
                    _ = interrupted.recv() => {}
                    _ = hung_up.recv() => {}
                }
                end_at_once();
            };
            let served = async {
                if let Some(listener) = own_hub {
                    hub::serve(listener).await.ok();
                }
            };
            tokio::join!(ended, served);
        });
    });
    Ok(())
}

/// Asks the server twice: it ends without waiting for what an open page still loads.
fn end_at_once() {
    for signal in [Signal::INT, Signal::TERM] {
        kill_process(getpid(), signal).ok();
    }
}

/// Says what to click, once it can be clicked.
fn announce(site: &Site, hub: &str) {
    let began = Instant::now();
    while TcpStream::connect(site.address).is_err() && began.elapsed() < START {
        thread::sleep(Duration::from_millis(20));
    }
    print(&invitation(site, hub)).ok();
}

fn invitation(site: &Site, hub: &str) -> String {
    let port = site.address.port();
    let mut text = format!("\n  open      https://localhost:{port}\n");
    if let Some(machine) = site.machine {
        let _ = writeln!(
            text,
            "  or        https://{machine}:{port} from another device"
        );
    }
    text + &format!(
        "  user      {USER}\n  \
           password  {}\n  \
           hub       {hub}\n\n\
         The certificate is self-signed: the browser asks once whether to go on.\n\
         Ctrl-C ends the demo and leaves nothing behind.\n\n",
        site.password
    )
}

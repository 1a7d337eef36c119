//! `hubgate demo`: everything in front of a stand-in hub, ready to click.
//!
//! A self-signed site with a password, made in a temporary folder and run by
//! the same code as any other.

mod hub;

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::Context;

use super::print;
use crate::server;

/// Where openHAB listens.
const HUB: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Ports tried after the one asked for.
const OTHER_PORTS: u16 = 20;
/// How long the site may take to answer.
const START: Duration = Duration::from_secs(10);
/// Name of the one user.
const USER: &str = "demo";

/// Runs the demo until it is interrupted.
pub(super) fn run(port: u16) -> anyhow::Result<()> {
    let folder = Folder::new()?;
    let port = free_port(port)?;
    let password = password()?;
    let hub = stand_in()?;
    let config = write_site(&folder.0, port, &password)?;
    thread::spawn(move || announce(port, hub, &password));
    server::run(config)
}

/// The demo's folder, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("hubgate-demo-{}", std::process::id()));
        let made = fs::DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("making the folder {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The port asked for, or one after it: openHAB itself may hold 8443.
fn free_port(port: u16) -> anyhow::Result<u16> {
    (port..=port.saturating_add(OTHER_PORTS))
        .find(|port| TcpListener::bind((Ipv6Addr::UNSPECIFIED, *port)).is_ok())
        .with_context(|| format!("no port from {port} on is free; name another with --port"))
}

fn password() -> anyhow::Result<String> {
    let mut bytes = [0; 6];
    aws_lc_rs::rand::fill(&mut bytes).context("making a password")?;
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digits
        .chunks(2)
        .map(<[String]>::concat)
        .collect::<Vec<_>>()
        .join("-"))
}

/// Starts the stand-in when nothing answers where the hub should be; says whether it did.
fn stand_in() -> anyhow::Result<bool> {
    if TcpStream::connect(HUB).is_ok() {
        return Ok(false);
    }
    let listener = TcpListener::bind(HUB).context("starting the stand-in hub")?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::spawn(move || {
        runtime.block_on(async { hub::serve(tokio::net::TcpListener::from_std(listener)?).await })
    });
    Ok(true)
}

fn write_site(folder: &Path, port: u16, password: &str) -> anyhow::Result<PathBuf> {
    let hash = bcrypt::hash(password, 8).context("hashing the password")?;
    fs::write(folder.join("htpasswd"), format!("{USER}:{hash}\n"))?;
    let config = folder.join("proxy.yaml");
    fs::write(
        &config,
        format!(
            "listen: {{http: [], https: [\"[::]:{port}\"]}}\n\
             sites:\n  \
               - hosts: [localhost, 127.0.0.1, \"::1\"]\n    \
                 certificate: self-signed\n    \
                 upstream: http://{HUB}\n    \
                 access: {{password: htpasswd}}\n"
        ),
    )?;
    Ok(config)
}

/// Says what to click, once it can be clicked.
fn announce(port: u16, stand_in: bool, password: &str) {
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let began = std::time::Instant::now();
    while TcpStream::connect(address).is_err() && began.elapsed() < START {
        thread::sleep(Duration::from_millis(20));
    }
    let hub = match stand_in {
        true => "a stand-in, as nothing answered there",
        false => "the one that answers there",
    };
    let text = format!(
        "\n  open      https://localhost:{port}\n  \
           user      {USER}\n  \
           password  {password}\n  \
           hub       http://{HUB} ({hub})\n\n\
         The certificate is self-signed: the browser asks once whether to go on.\n\
         Ctrl-C ends the demo and leaves nothing behind.\n\n"
    );
    print(&text).ok();
}

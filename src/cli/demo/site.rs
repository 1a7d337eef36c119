//! The demo's site: its folder, port, password and `proxy.yaml`.

use std::{
    fs::{self, Permissions},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::Context;
use tempfile::TempDir;

/// Name of the only user.
pub(super) const USER: &str = "demo";
/// Number of ports that are tried after the first one.
const OTHER_PORTS: u16 = 20;
/// An address that no machine has (RFC 5737).
const DOCUMENTATION: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// The address and login of the site.
pub(super) struct Site {
    /// Address of the listener.
    pub(super) address: SocketAddr,
    /// Address of this machine in its network, if it has one.
    pub(super) machine: Option<IpAddr>,
    /// Password of the only user.
    pub(super) password: String,
}

impl Site {
    /// Chooses a free address and a random password.
    pub(super) fn new(port: u16) -> anyhow::Result<Self> {
        Ok(Self {
            address: free_address(port)?,
            machine: machine_address(),
            password: random_password()?,
        })
    }

    /// Writes the site's files into the folder, and returns the path of proxy.yaml.
    pub(super) fn write(&self, folder: &Path, hub: SocketAddr) -> anyhow::Result<PathBuf> {
        let hash = bcrypt::hash(&self.password, 8).context("hashing the password")?;
        fs::write(folder.join("htpasswd"), format!("{USER}:{hash}\n"))?;
        let machine = self.machine.map(|address| format!(", \"{address}\""));
        let config = folder.join("proxy.yaml");
        fs::write(
            &config,
            format!(
                "listen: {{http: [], https: [\"{}\"]}}\n\
                 log: {{access: \"off\", level: warn}}\n\
                 sites:\n  \
                   - hosts: [localhost, 127.0.0.1, \"::1\"{}]\n    \
                     certificate: self-signed\n    \
                     upstream: http://{hub}\n    \
                     access: {{password: htpasswd}}\n",
                self.address,
                machine.unwrap_or_default(),
            ),
        )?;
        Ok(config)
    }
}

/// Maximum number of attempts to remove the folder.
const MAX_REMOVALS: usize = 50;

/// The demo's folder, which is removed when the demo ends.
pub(super) struct Folder(TempDir);

impl Folder {
    /// Creates a folder that only its owner can read.
    pub(super) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("hubgate-demo-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir();
        let cure = "point TMPDIR at a folder that can be written to";
        folder.context(cure).map(Self)
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Removes the folder; tries again while a reload after SIGHUP writes into it.
    pub(super) fn remove(self) {
        for _ in 0..MAX_REMOVALS {
            if fs::remove_dir_all(self.path()).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns an address with this port, or with one of the next: openHAB may hold 8443.
fn free_address(port: u16) -> anyhow::Result<SocketAddr> {
    let any = any_address();
    for port in port..=port.saturating_add(OTHER_PORTS) {
        match TcpListener::bind((any, port)).and_then(|listener| listener.local_addr()) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            found => return found.with_context(|| format!("listening on port {port}")),
        }
    }
    anyhow::bail!("no port from {port} on is free; name another with --port")
}

/// Returns the unspecified address of IPv6, or of IPv4 if the kernel has no IPv6.
fn any_address() -> IpAddr {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(_) => Ipv6Addr::UNSPECIFIED.into(),
        Err(_) => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// Returns the address from which this machine reaches others. Sends nothing.
fn machine_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(DOCUMENTATION).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn random_password() -> anyhow::Result<String> {
    let mut bytes = [0; 6];
    aws_lc_rs::rand::fill(&mut bytes).context("making a password")?;
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups: Vec<_> = digits.chunks(2).map(<[String]>::concat).collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_skipped() {
        let taken = TcpListener::bind((any_address(), 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_ne!(free_address(port).unwrap().port(), port);
    }

    #[test]
    fn passwords_differ_and_can_be_typed() {
        let (one, other) = (random_password().unwrap(), random_password().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 14);
    }
}

//! The ports of the configuration: free, used by hubgate, or held by another program.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use super::{Finding, process::Running};
use crate::config::model::Config;

/// The state of a listening socket.
const LISTEN: &str = "0A";
/// The process of systemd, which holds the sockets that it passes to services.
const SYSTEMD: u32 = 1;

/// A listening socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    inode: String,
}

/// A process that holds a socket.
struct Holder {
    pid: u32,
    name: String,
}

/// A port of the configuration.
struct Port<'r> {
    address: SocketAddr,
    running: &'r Running,
}

/// Reports the state of each port of the configuration.
pub(super) fn findings(config: &Config, running: &Running) -> Vec<Finding> {
    let listeners = Listener::all();
    let addresses = config.listen.https.iter().chain(&config.listen.http);
    let findings = addresses.map(|address| {
        let port = Port {
            address: *address,
            running,
        };
        port.finding(&listeners)
    });
    findings.collect()
}

impl Port<'_> {
    fn finding(&self, listeners: &[Listener]) -> Finding {
        let listeners = listeners
            .iter()
            .filter(|listener| overlap(listener.address, self.address));
        let inodes: Vec<_> = listeners.map(|listener| listener.inode.as_str()).collect();
        match inodes.is_empty() {
            true => self.free(),
            false => self.held(&Holder::all(&inodes)),
        }
    }

    fn subject(&self) -> String {
        format!("port {}", self.address.port())
    }

    fn free(&self) -> Finding {
        let address = self.address;
        match self.running {
            Running::Yes(_) => Finding::fail(
                self.subject(),
                format!("hubgate runs, but does not listen on {address}"),
            )
            .cure("read the reason in its log; hubgate reload tries again"),
            Running::No | Running::Unknown(_) => {
                Finding::ok(self.subject(), format!("{address} is free"))
            }
        }
    }

    fn held(&self, holders: &[Holder]) -> Finding {
        let (subject, address) = (self.subject(), self.address);
        let Some(first) = holders.first() else {
            return self.held_by_other_user();
        };
        let own = self.running.status().map(|status| status.pid);
        // During a hand-over, the old process still holds the sockets.
        let is_own = holders.iter().any(|holder| Some(holder.pid) == own);
        let is_passed_on = own.is_some() && holders.iter().all(|holder| holder.pid == SYSTEMD);
        if is_own || is_passed_on {
            return Finding::ok(subject, format!("hubgate listens on {address}"));
        }
        let (name, pid) = (&first.name, first.pid);
        if name == "hubgate" && own.is_none() {
            let cause = format!(
                "process {pid}, a hubgate with another `state` or of another user, holds {address}"
            );
            return Finding::warn(subject, cause)
                .cure("name its file with -c, or run it with sudo");
        }
        Finding::fail(subject, format!("{name} (process {pid}) holds {address}")).cure(first.stop())
    }

    /// Reports a socket with an unknown holder: only root sees the sockets of other users.
    fn held_by_other_user(&self) -> Finding {
        let address = self.address;
        let is_own = self.running.status().is_some_and(|status| {
            let mut listen = status.listen.iter();
            listen.any(|text| text.contains(&address.to_string()))
        });
        if is_own {
            return Finding::ok(self.subject(), format!("hubgate listens on {address}"));
        }
        let cause = format!("a process of another user holds {address}");
        Finding::warn(self.subject(), cause).cure("run it with sudo to see the process")
    }
}

impl Listener {
    /// Returns all listening sockets of this machine.
    pub(super) fn all() -> Vec<Self> {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
        let tables = tables.map(|table| fs::read_to_string(table).unwrap_or_default());
        let lines = tables.iter().flat_map(|table| table.lines().skip(1));
        lines.filter_map(Self::parse).collect()
    }

    /// Parses a line of the kernel's table of sockets; none for a socket that does not listen.
    fn parse(line: &str) -> Option<Self> {
        let columns: Vec<_> = line.split_whitespace().collect();
        if *columns.get(3)? != LISTEN {
            return None;
        }
        let (address, port) = columns.get(1)?.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Self {
            address: SocketAddr::new(parse_address(address)?, port),
            inode: (*columns.get(9)?).to_owned(),
        })
    }
}

impl Holder {
    /// Returns the processes that hold one of these sockets, as far as this user may see them.
    fn all(inodes: &[&str]) -> Vec<Self> {
        let links: Vec<_> = inodes
            .iter()
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let holders = processes.filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            has_open(&entry.path(), &links).then_some(())?;
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            let name = name.trim().escape_debug().to_string();
            Some(Self { pid, name })
        });
        holders.collect()
    }

    /// Returns the command that stops the process.
    fn stop(&self) -> String {
        let (name, pid) = (&self.name, self.pid);
        match name.as_str() {
            "nginx" | "apache2" | "lighttpd" | "caddy" | "haproxy" => {
                format!("stop it permanently: systemctl disable --now {name}")
            }
            _ => format!("identify it: systemctl status {pid}; stop it, or change `listen`"),
        }
    }
}

/// Reports whether two listeners exclude each other; `[::]` includes IPv4.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    let is_any = |ip: IpAddr| ip == IpAddr::from(Ipv6Addr::UNSPECIFIED);
    let is_wide = |ip: IpAddr| ip.is_unspecified();
    let meet = a == b
        || is_any(a)
        || is_any(b)
        || (a.is_ipv4() == b.is_ipv4() && (is_wide(a) || is_wide(b)));
    one.port() == other.port() && meet
}

/// Parses an address of the kernel, which writes each 32 bits in the byte order of the machine.
fn parse_address(digits: &str) -> Option<IpAddr> {
    let words = (0..digits.len()).step_by(8).map(|at| {
        let word = u32::from_str_radix(digits.get(at..at + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let words = words.collect::<Option<Vec<_>>>()?.concat();
    match words.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(words).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?).into()),
        _ => None,
    }
}

fn has_open(process: &Path, links: &[String]) -> bool {
    let open = fs::read_dir(process.join("fd")).into_iter().flatten();
    let mut targets = open
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok());
    targets.any(|target| links.iter().any(|link| target.as_os_str() == link.as_str()))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, process};

    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_socket_of_this_process_is_found_with_its_holder() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue; // A machine without IPv6.
            };
            let address = listener.local_addr().unwrap();
            let all = Listener::all();
            let found = all
                .iter()
                .find(|listener| listener.address == address)
                .unwrap();
            assert_eq!(Holder::all(&[&found.inode])[0].pid, process::id());
        }
    }

    #[test]
    fn only_listening_sockets_are_parsed() {
        let parse = |line: &str| Listener::parse(line).map(|listener| listener.address.to_string());
        let end = "00000000:00000000 00:00000000 00000000 0 0 812";
        for (line, expected) in [
            ("0: 00000000:1F90 00000000:0000 0A", Some("0.0.0.0:8080")),
            ("2: 00000000:1F92 0100007F:0000 01", None),
            (
                "3: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A",
                Some("[::]:8083"),
            ),
        ] {
            let line = format!("{line} {end}");
            assert_eq!(parse(&line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn listeners_that_exclude_each_other_overlap() {
        for (one, other, expected) in [
            ("[::]:443", "0.0.0.0:443", true),
            ("127.0.0.1:443", "[::]:443", true),
            ("0.0.0.0:443", "192.168.1.5:443", true),
            ("0.0.0.0:443", "[::1]:443", false),
            ("127.0.0.1:443", "127.0.0.2:443", false),
            ("[::]:443", "[::]:80", false),
        ] {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(overlap(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn the_holder_of_a_port_is_reported_with_the_command_to_stop_it() {
        let holder = Holder {
            pid: 812,
            name: "nginx".into(),
        };
        let port = Port {
            address: "[::]:443".parse().unwrap(),
            running: &Running::No,
        };
        let found = port.held(&[holder]);
        assert_eq!((found.level, &*found.subject), (Level::Fail, "port 443"));
        assert_eq!(found.cause, "nginx (process 812) holds [::]:443");
        let cure = found.cure.unwrap();
        assert!(cure.ends_with("systemctl disable --now nginx"), "{cure}");
    }
}

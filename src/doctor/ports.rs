//! The ports to listen on: free, hubgate's own, or held by whom.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use super::{Finding, process::Running};
use crate::config::model::Config;

/// A socket's state when it listens.
const LISTEN: &str = "0A";
/// systemd, which holds the sockets that it passes on.
const FIRST: u32 = 1;

/// A listening socket.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    address: SocketAddr,
    inode: String,
}

/// A process that holds a socket.
struct Holder {
    pid: u32,
    name: String,
}

/// How each port of the configuration stands.
pub(super) fn findings(config: &Config, running: &Running) -> Vec<Finding> {
    let listeners = listeners();
    let wanted = config.listen.https.iter().chain(&config.listen.http);
    let told = wanted.map(|wanted| {
        let holders = listeners.iter().filter(|it| overlap(it.address, *wanted));
        match holders.map(|it| it.inode.as_str()).collect::<Vec<_>>() {
            inodes if inodes.is_empty() => free(*wanted, running),
            inodes => held(*wanted, &holding(&inodes), running),
        }
    });
    told.collect()
}

fn subject(wanted: SocketAddr) -> String {
    format!("port {}", wanted.port())
}

fn free(wanted: SocketAddr, running: &Running) -> Finding {
    match running {
        Running::Is(_) => Finding::fail(
            subject(wanted),
            format!("hubgate runs, but nobody listens on {wanted}"),
        )
        .cure("its log says why; hubgate reload tries again"),
        Running::Nobody | Running::Unknown(_) => {
            Finding::ok(subject(wanted), format!("{wanted} is free"))
        }
    }
}

fn held(wanted: SocketAddr, holders: &[Holder], running: &Running) -> Finding {
    let subject = subject(wanted);
    let Some(first) = holders.first() else {
        return unknown(subject, wanted, running);
    };
    let own = running.status().map(|status| status.pid);
    // A process that is being handed over from still holds what it listened on.
    let ours = holders.iter().any(|it| Some(it.pid) == own);
    let passed_on = own.is_some() && holders.iter().all(|it| it.pid == FIRST);
    if ours || passed_on {
        return Finding::ok(subject, format!("hubgate listens on {wanted}"));
    }
    let (name, pid) = (&first.name, first.pid);
    if name == "hubgate" && own.is_none() {
        return Finding::warn(subject, format!("process {pid}, a hubgate with another `state` or one that you may not ask, holds {wanted}"))
            .cure("name its file with -c, or start this with sudo");
    }
    Finding::fail(subject, format!("{name} (process {pid}) holds {wanted}")).cure(stop(name, pid))
}

/// Only root sees what others hold.
fn unknown(subject: String, wanted: SocketAddr, running: &Running) -> Finding {
    let listens = running.status().is_some_and(|status| {
        let listen = &status.listen;
        listen.iter().any(|it| it.contains(&wanted.to_string()))
    });
    if listens {
        return Finding::ok(subject, format!("hubgate listens on {wanted}"));
    }
    Finding::warn(subject, format!("a process of another user holds {wanted}"))
        .cure("start this with sudo to learn which")
}

fn stop(name: &str, pid: u32) -> String {
    match name {
        "nginx" | "apache2" | "lighttpd" | "caddy" | "haproxy" => {
            format!("stop it for good: systemctl disable --now {name}")
        }
        _ => format!("see what it is: systemctl status {pid}; stop it, or change `listen`"),
    }
}

/// Whether two listeners cannot be there at the same time; `[::]` takes IPv4 too.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let (a, b) = (one.ip().to_canonical(), other.ip().to_canonical());
    let everything = |ip: IpAddr| ip == IpAddr::from(Ipv6Addr::UNSPECIFIED);
    let wide = |ip: IpAddr| ip.is_unspecified();
    let meet = a == b
        || everything(a)
        || everything(b)
        || (a.is_ipv4() == b.is_ipv4() && (wide(a) || wide(b)));
    one.port() == other.port() && meet
}

fn listeners() -> Vec<Listener> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let tables = tables.map(|table| fs::read_to_string(table).unwrap_or_default());
    tables.iter().flat_map(|table| listening(table)).collect()
}

/// The listening sockets of a table.
fn listening(table: &str) -> impl Iterator<Item = Listener> {
    table.lines().skip(1).filter_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        if *columns.get(3)? != LISTEN {
            return None;
        }
        let (address, port) = columns.get(1)?.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Listener {
            address: SocketAddr::new(address_of(address)?, port),
            inode: (*columns.get(9)?).to_owned(),
        })
    })
}

/// The kernel writes each 32 bits in the order of the machine.
fn address_of(digits: &str) -> Option<IpAddr> {
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

/// The processes that hold one of these sockets, as far as this user may see.
fn holding(inodes: &[&str]) -> Vec<Holder> {
    let links: Vec<_> = inodes.iter().map(|it| format!("socket:[{it}]")).collect();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let holders = processes.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        holds(&entry.path(), &links).then_some(())?;
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        let name = name.trim().escape_debug().to_string();
        Some(Holder { pid, name })
    });
    holders.collect()
}

fn holds(process: &Path, links: &[String]) -> bool {
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
    fn a_socket_of_this_very_process_is_found_with_who_holds_it() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue; // A machine without IPv6.
            };
            let address = listener.local_addr().unwrap();
            let found = listeners();
            let found = found.iter().find(|it| it.address == address).unwrap();
            assert_eq!(holding(&[&found.inode])[0].pid, process::id());
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
    fn who_holds_a_port_is_told_with_how_to_stop_it() {
        let holder = Holder {
            pid: 812,
            name: "nginx".into(),
        };
        let found = held("[::]:443".parse().unwrap(), &[holder], &Running::Nobody);
        assert_eq!((found.level, &*found.subject), (Level::Fail, "port 443"));
        assert_eq!(found.cause, "nginx (process 812) holds [::]:443");
        let cure = found.cure.unwrap();
        assert!(cure.ends_with("systemctl disable --now nginx"), "{cure}");
    }
}

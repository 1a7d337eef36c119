//! Starts both proxies for a site and waits until they listen.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use hubgate::nginx::Import;

use crate::harness::PROGRAM;

/// A child that ends with its owner.
pub(super) struct Ending(pub(super) Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts hubgate in a folder of its own and waits until it listens.
pub(super) fn start_hubgate(
    path: &Path,
    imported: &Import,
    listened: &[SocketAddr],
) -> Result<Ending, String> {
    let folder = path.join("hubgate");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("proxy.yaml"), &imported.yaml).unwrap();
    for secret in &imported.secrets {
        let file = folder.join(&secret.path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &secret.value).unwrap();
    }
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(PROGRAM);
    let command = command
        .args(["run", "-c", "proxy.yaml"])
        .current_dir(&folder)
        .stdin(Stdio::null());
    for name in ["LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"] {
        command.env_remove(name);
    }
    let child = command
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    wait(Ending(child), listened, &folder.join("log"))
}

/// Waits until all of them are listened on.
pub(super) fn wait(
    mut child: Ending,
    listened: &[SocketAddr],
    log: &Path,
) -> Result<Ending, String> {
    let begin = Instant::now();
    for address in listened {
        while TcpStream::connect_timeout(address, Duration::from_secs(1)).is_err() {
            let ended = child.0.try_wait().unwrap().is_some();
            if ended || begin.elapsed() > Duration::from_secs(30) {
                return Err(fs::read_to_string(log).unwrap_or_default());
            }
            thread::sleep(Duration::from_millis(3));
        }
    }
    Ok(child)
}

/// Returns the addresses of `listen` in proxy.yaml, with a reachable host.
pub(super) fn listened(yaml: &str) -> Vec<SocketAddr> {
    let line = yaml.lines().find(|line| line.starts_with("listen: "));
    let addresses = line.unwrap_or_default().split('"');
    addresses
        .filter_map(|text| text.parse().ok())
        .map(callable)
        .collect()
}

/// The same of NGINX's `listen`.
pub(super) fn nginx_listens(text: &str) -> Vec<SocketAddr> {
    let words = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("listen "));
    let words = words.map(|line| {
        line.trim_end_matches(';')
            .split(' ')
            .next()
            .unwrap()
            .replace("*:", "0.0.0.0:")
    });
    let addresses = words.filter_map(|word| {
        word.parse()
            .or_else(|_| format!("0.0.0.0:{word}").parse())
            .ok()
    });
    addresses.map(callable).collect()
}

fn callable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let local: &str = if address.is_ipv4() {
            "127.0.0.1"
        } else {
            "::1"
        };
        address.set_ip(local.parse().unwrap());
    }
    address
}

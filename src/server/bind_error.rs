//! Why an address cannot be listened on, in words of what to do.

use std::{io, net::SocketAddr};

/// Why a socket cannot be had, with the cure.
#[must_use]
pub fn cannot_listen(address: SocketAddr, fault: &io::Error) -> String {
    let (ip, port) = (address.ip(), address.port());
    match fault.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "cannot listen on {address} (ports below 1024 need a right that hubgate.service has: \
             systemctl start hubgate; for this program alone: sudo setcap cap_net_bind_service=+ep {})",
            program()
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "cannot listen on {address} ({ip} is no address of this machine: `ip -brief address` lists them; \
             \"[::]:{port}\" is all of them)"
        ),
        _ => format!("cannot listen on {address} (who holds it: ss -ltnp 'sport = :{port}')"),
    }
}

fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| "hubgate".into());
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_words() {
        let address = "192.0.2.7:443".parse().unwrap();
        for (kind, words) in [
            (
                io::ErrorKind::PermissionDenied,
                "setcap cap_net_bind_service",
            ),
            (
                io::ErrorKind::AddrNotAvailable,
                "192.0.2.7 is no address of this machine",
            ),
            (io::ErrorKind::AddrInUse, "who holds it"),
        ] {
            let told = cannot_listen(address, &kind.into());
            assert!(told.contains(words), "{told}");
        }
    }
}

//! Messages for an address that cannot be listened on, with the remedy.

use std::{io, net::SocketAddr};

/// Describes a failed bind(2) with its cause and remedy.
#[must_use]
pub fn cannot_listen(address: SocketAddr, fault: &io::Error) -> String {
    let (ip, port) = (address.ip(), address.port());
    match fault.kind() {
        io::ErrorKind::PermissionDenied => {
            let program = std::env::current_exe().unwrap_or_else(|_| "hubgate".into());
            format!(
                "cannot listen on {address} (ports below 1024 need a capability that hubgate.service \
                 has: systemctl start hubgate; for this program alone: sudo setcap \
                 cap_net_bind_service=+ep {})",
                program.display()
            )
        }
        io::ErrorKind::AddrNotAvailable => format!(
            "cannot listen on {address} ({ip} is no address of this machine: `ip -brief address` lists them; \
             \"[::]:{port}\" is all of them)"
        ),
        _ => format!(
            "cannot listen on {address} (show the program that uses the port: \
             ss -ltnp 'sport = :{port}')"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_message() {
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
            (io::ErrorKind::AddrInUse, "ss -ltnp"),
        ] {
            let message = cannot_listen(address, &kind.into());
            assert!(message.contains(words), "{message}");
        }
    }
}

//! The conditions for a start as the service's user: state folder, addresses and ports.
//!
//! Root takes the rights of the folder's owner, the service's user. Nothing is written, and no
//! connection is accepted.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    process::geteuid,
};
use socket2::{Domain, Protocol, Socket, Type};

use crate::{
    config::model::Config,
    private_file::{OwnerRights, user_name},
    server::cannot_listen,
};

/// The reason why hubgate would not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CannotStart(pub(crate) String);

/// An address on which hubgate could not listen.
struct BindFault {
    address: SocketAddr,
    fault: io::Error,
}

/// The state folder and the existing part of its path.
struct StateFolder<'p> {
    path: &'p Path,
    existing: PathBuf,
}

/// Returns the faults that would keep hubgate from starting, each with its correction.
pub(crate) fn faults(config: &Config) -> Vec<String> {
    let state = StateFolder::new(&config.state).fault();
    let addresses = BindFault::all(config).filter(|fault| !fault.is_denied());
    let addresses = addresses.map(|fault| fault.message());
    state.into_iter().chain(addresses).collect()
}

/// Returns the ports that this user may not open; the service may have a capability that this user
/// lacks.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    if !StateFolder::new(&config.state).is_own() {
        return Vec::new();
    }
    let denied = BindFault::all(config).filter(BindFault::is_denied);
    denied.map(|fault| fault.message()).collect()
}

impl BindFault {
    fn all(config: &Config) -> impl Iterator<Item = Self> {
        let addresses = config.listen.https.iter().chain(&config.listen.http);
        addresses.filter_map(|address| {
            Some(Self {
                address: *address,
                fault: bind(*address).err()?,
            })
        })
    }

    fn is_denied(&self) -> bool {
        self.fault.kind() == io::ErrorKind::PermissionDenied
    }

    fn message(&self) -> String {
        let message = cannot_listen(self.address, &self.fault);
        format!("listen: {message}: {}", self.fault)
    }
}

impl<'p> StateFolder<'p> {
    fn new(path: &'p Path) -> Self {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let existing = whole.ancestors().find(|path| path.exists());
        Self {
            path,
            existing: existing.unwrap_or(&whole).to_owned(),
        }
    }

    /// Reports whether the user of this process owns the folder, or would create it.
    fn is_own(&self) -> bool {
        let owner = fs::metadata(&self.existing).map(|metadata| metadata.uid());
        owner.is_ok_and(|owner| owner == geteuid().as_raw())
    }

    /// Returns the reason why the service's user cannot write to the folder.
    fn fault(&self) -> Option<String> {
        if !geteuid().is_root() && !self.is_own() {
            return None;
        }
        let shown = self.path.display();
        if !fs::metadata(&self.existing).is_ok_and(|metadata| metadata.is_dir()) {
            return Some(format!(
                "{shown}: `state` is no folder: remove the file, or name another folder"
            ));
        }
        let rights = match OwnerRights::assume(self.path) {
            Ok(rights) => rights,
            Err(fault) => return Some(format!("{shown}: {fault}")),
        };
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        let denied = accessat(CWD, &self.existing, wanted, AtFlags::EACCESS).err()?;
        let user = user_name(geteuid().as_raw());
        drop(rights);
        Some(self.unwritable(&user, &io::Error::from(denied)))
    }

    fn unwritable(&self, user: &str, fault: &io::Error) -> String {
        let (shown, existing) = (self.path.display(), self.existing.display());
        match fault.kind() {
            io::ErrorKind::ReadOnlyFilesystem => format!(
                "{shown}: its file system is read-only: mount it writable, or name another folder in `state`"
            ),
            _ => format!(
                "{shown}: user {user} may not write to {existing} ({fault}): install -d -m 0700 -o {user} {shown}"
            ),
        }
    }
}

/// Binds as `run` does, without listening; the check of ports reports an address in use.
fn bind(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    );
    let socket = match socket {
        // Without IPv6, `run` listens on IPv4 alone.
        Err(_) if address.is_ipv6() && address.ip().is_unspecified() => return Ok(()),
        made => made?,
    };
    socket.set_reuse_address(true)?;
    match socket.bind(&address.into()) {
        Err(fault) if fault.kind() == io::ErrorKind::AddrInUse => Ok(()),
        bound => bound,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;
    use crate::{config, tls::testing::Folder};

    fn faults_of(listen: &str) -> Vec<String> {
        let folder = Folder::new();
        let site = "sites: [{hosts: [a], upstream: 'http://h:1', access: public}]";
        let text = format!("listen: {{http: [], https: [\"{listen}\"]}}\n{site}\n");
        faults(&config::parse(&text, &folder.path("proxy.yaml")).unwrap())
    }

    #[test]
    fn an_address_of_no_interface_has_a_message_of_its_own() {
        assert_eq!(faults_of("127.0.0.1:0"), Vec::<String>::new());
        let [fault] = &faults_of("192.0.2.77:8443")[..] else {
            panic!("one fault")
        };
        assert!(
            fault.contains("192.0.2.77 is no address of this machine"),
            "{fault}"
        );
    }

    #[test]
    fn a_port_in_use_is_no_fault_of_the_configuration() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(faults_of(&address.to_string()), Vec::<String>::new());
    }

    #[test]
    fn the_owner_of_the_state_folder_needs_permission_to_write_to_it() {
        let folder = Folder::new();
        let state = folder.path("state");
        assert_eq!(StateFolder::new(&state).fault(), None);
        fs::write(&state, "").unwrap();
        assert!(
            StateFolder::new(&state)
                .fault()
                .unwrap()
                .contains("is no folder")
        );
        fs::remove_file(&state).unwrap();
        fs::create_dir(&state).unwrap();
        if !geteuid().is_root() {
            return;
        }
        chown(&state, Some(12_345), None).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
        fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        let fault = StateFolder::new(&state).fault().unwrap();
        assert!(fault.contains("user 12345 may not write to"), "{fault}");
    }
}

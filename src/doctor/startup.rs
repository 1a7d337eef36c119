//! Whether hubgate can start as the user that it runs as: its state folder, addresses and ports.
//!
//! Root asks with the rights of the folder's owner, who is the service's user. Nothing is written,
//! and no connection is accepted.

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
    secret_file::{OwnerRights, user_name},
    server::cannot_listen,
};

/// Why hubgate would not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CannotStart(pub(crate) String);

/// What would keep hubgate from starting, each with its cure.
pub(crate) fn faults(config: &Config) -> Vec<String> {
    let addresses = unbound(config).filter(|(_, fault)| !is_denied(fault));
    let addresses = addresses.map(|(address, fault)| refusal(address, &fault));
    of_state(&config.state)
        .into_iter()
        .chain(addresses)
        .collect()
}

/// Ports that this user may not open; the service may have a right that this user lacks.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    if !is_service(&config.state) {
        return Vec::new();
    }
    let denied = unbound(config).filter(|(_, fault)| is_denied(fault));
    denied
        .map(|(address, fault)| refusal(address, &fault))
        .collect()
}

fn unbound(config: &Config) -> impl Iterator<Item = (SocketAddr, io::Error)> {
    let addresses = config.listen.https.iter().chain(&config.listen.http);
    addresses.filter_map(|address| Some((*address, bind(*address).err()?)))
}

fn is_denied(fault: &io::Error) -> bool {
    fault.kind() == io::ErrorKind::PermissionDenied
}

fn refusal(address: SocketAddr, fault: &io::Error) -> String {
    format!("listen: {}: {fault}", cannot_listen(address, fault))
}

/// Whether this process is the user that owns the state folder, or would make it.
fn is_service(state: &Path) -> bool {
    let owner = fs::metadata(existing(state)).map(|meta| meta.uid());
    owner.is_ok_and(|owner| owner == geteuid().as_raw())
}

/// Why the service's user cannot write to the state folder.
fn of_state(state: &Path) -> Option<String> {
    let place = existing(state);
    let is_root = geteuid().is_root();
    if !is_root && !is_service(state) {
        return None;
    }
    let shown = state.display();
    if !fs::metadata(&place).is_ok_and(|meta| meta.is_dir()) {
        return Some(format!(
            "{shown}: no folder, and `state` needs one: remove it, or name another"
        ));
    }
    let rights = match OwnerRights::assume(state) {
        Ok(rights) => rights,
        Err(fault) => return Some(format!("{shown}: {fault}")),
    };
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    let fault = io::Error::from(accessat(CWD, &place, wanted, AtFlags::EACCESS).err()?);
    let user = user_name(geteuid().as_raw());
    drop(rights);
    Some(unwritable(state, &place, &user, &fault))
}

fn unwritable(state: &Path, place: &Path, user: &str, fault: &io::Error) -> String {
    let (shown, place) = (state.display(), place.display());
    match fault.kind() {
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "{shown}: on a file system that is read-only: mount it writable, or name another folder in `state`"
        ),
        _ => format!(
            "{shown}: user {user} may not write to {place} ({fault}): install -d -m 0700 -o {user} {shown}"
        ),
    }
}

/// The folder, or the part of its way that is there.
fn existing(state: &Path) -> PathBuf {
    let whole = std::path::absolute(state).unwrap_or_else(|_| state.to_owned());
    let found = whole.ancestors().find(|path| path.exists());
    found.map_or_else(|| whole.clone(), Path::to_owned)
}

/// Binds as `run` does, without listening; an address in use is for the check of ports.
fn bind(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    );
    let socket = match socket {
        // `run` listens on IPv4 alone.
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
    fn an_address_of_no_interface_has_its_own_words() {
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
    fn the_owner_of_the_state_folder_must_be_able_to_write_to_it() {
        let folder = Folder::new();
        let state = folder.path("state");
        assert_eq!(of_state(&state), None);
        fs::write(&state, "").unwrap();
        assert!(of_state(&state).unwrap().contains("no folder"));
        fs::remove_file(&state).unwrap();
        fs::create_dir(&state).unwrap();
        if !geteuid().is_root() {
            return;
        }
        chown(&state, Some(12_345), None).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o500)).unwrap();
        fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        let fault = of_state(&state).unwrap();
        assert!(fault.contains("user 12345 may not write to"), "{fault}");
    }
}

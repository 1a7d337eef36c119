//! Turns the types of `file` into those of `model`: defaults, references, checks.
//!
//! Each part records its faults before the next part is resolved, so that all faults are reported
//! together. A configuration with a fault is not returned. Named files are recorded, not read.

mod access;
mod acme;
mod directory;
mod header;
mod history;
mod host;
mod issuance;
mod limits;
mod listen;
mod memory;
mod network;
mod origin;
mod own_addresses;
mod path;
mod pin;
mod quantity;
mod redirect;
mod request_header;
mod session;
mod site;
mod upstream;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use self::{
    acme::check_email,
    header::is_of_connection,
    host::check_host,
    issuance::is_certifiable,
    listen::clash,
    network::LAN,
    origin::is_origin,
    redirect::is_redirect,
    request_header::{is_edited_header, is_edited_value, is_upstream_host, is_user_header},
    upstream::{check_server, is_server},
};
use self::{issuance::IssuancePolicy, own_addresses::OwnAddresses};
use super::{
    characters::must_be_visible,
    faults::Fault,
    file::File,
    model::{Config, Host, NamedFiles},
    tree::{Location, Node},
};

/// Resolves a file; returns its configuration if it has no fault, and the findings.
///
/// `root` is the tree that `file` was read from, and has the positions of its values. Relative
/// paths are relative to `folder`.
pub(super) fn resolve(file: &File, root: &Node, folder: &Path) -> (Option<Config>, Findings) {
    let mut resolver = Resolver {
        folder,
        tls: !file.listen.https.is_empty(),
        issuance: IssuancePolicy::new(file),
        own_addresses: OwnAddresses::new(file),
        claimed: HashMap::new(),
        findings: Findings::default(),
    };
    let config = resolver.config(&Location::root(root), file);
    (config.ok(), resolver.findings)
}

/// Faults, warnings and named files, each in the order in which they were found.
#[derive(Default)]
pub(super) struct Findings {
    /// Faults.
    pub(super) faults: Vec<Fault>,
    /// Risks and unused settings.
    pub(super) warnings: Vec<Fault>,
    /// Files that are named, each with its location and no message.
    pub(super) files: Vec<(PathBuf, Fault)>,
}

/// A resolved part of a file.
type Resolved<T> = Result<T, Faulty>;

/// Marks a part as faulty; the fault itself is in the findings.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Faulty;

/// Resolves one file; the methods for each of its parts are in the module of that part.
struct Resolver<'f> {
    folder: &'f Path,
    /// True if `listen.https` has an address.
    tls: bool,
    /// Hosts that the CA of `acme` certifies.
    issuance: IssuancePolicy,
    /// Addresses and hosts of hubgate itself.
    own_addresses: OwnAddresses,
    /// Hosts that belong to a site, with the path of the key that names them.
    claimed: HashMap<Host, String>,
    findings: Findings,
}

impl Resolver<'_> {
    fn config(&mut self, root: &Location<'_>, file: &File) -> Resolved<Config> {
        let listen = self.listen(&root.key("listen"), &file.listen);
        let state = self.file(&root.key("state"), &file.state);
        let acme = self.acme(&root.key("acme"), &file.acme);
        let sites = self.sites(&root.key("sites"), &file.sites);
        let trusted_proxies =
            self.trusted_proxies(&root.key("trusted_proxies"), &file.trusted_proxies);
        let limits = self.limits(&root.key("limits"), &file.limits);
        let history = self.history(&root.key("history"), &file.history);
        Ok(Config {
            listen: listen?,
            state: state?,
            acme: Arc::new(acme?),
            sites: sites?,
            trusted_proxies: trusted_proxies?,
            limits: limits?,
            log: (&file.log).into(),
            history: history?,
            warnings: Vec::new(),
            named: NamedFiles::default(),
        })
    }

    /// Resolves the path of a file or folder, relative to the folder of `proxy.yaml`.
    fn file(&mut self, location: &Location<'_>, written: &str) -> Resolved<PathBuf> {
        self.checked(location, must_be_visible(written))?;
        let fault = match written {
            "" => "the path is empty: name a file",
            home if home.starts_with('~') => "`~` is not expanded: write the whole path",
            path => {
                let file = self.folder.join(path);
                let named = (file.clone(), location.fault(""));
                self.findings.files.push(named);
                return Ok(file);
            }
        };
        self.fault(location, fault)
    }

    /// Parses each text of a list.
    fn each<T>(
        &mut self,
        location: &Location<'_>,
        written: &[String],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Resolved<Vec<T>> {
        let items = written.iter().enumerate();
        collect_all(items.map(|(nth, text)| self.checked(&location.item(nth), parse(text))))
    }

    /// Resolves the value of an optional key, if the key is present.
    fn optional<W: ?Sized, T>(
        &mut self,
        location: &Location<'_>,
        written: Option<&W>,
        resolve: impl FnOnce(&mut Self, &Location<'_>, &W) -> Resolved<T>,
    ) -> Resolved<Option<T>> {
        let resolved = written.map(|written| resolve(self, location, written));
        resolved.transpose()
    }

    /// Returns a valid value, or records the error of an invalid one.
    fn checked<T>(&mut self, location: &Location<'_>, value: Result<T, String>) -> Resolved<T> {
        value.or_else(|message| self.fault(location, message))
    }

    /// Records a fault, and fails.
    fn fault<T>(&mut self, location: &Location<'_>, message: impl Into<String>) -> Resolved<T> {
        self.record(location, message);
        Err(Faulty)
    }

    /// Fails because something is missing. Nothing is recorded if a faulty part was removed here,
    /// since that may be the missing one.
    fn missing<T>(&mut self, location: &Location<'_>, message: &str) -> Resolved<T> {
        match location.node.pruned {
            true => Err(Faulty),
            false => self.fault(location, message),
        }
    }

    /// Records a fault.
    fn record(&mut self, location: &Location<'_>, message: impl Into<String>) {
        self.findings.faults.push(location.fault(message));
    }

    fn warn(&mut self, location: &Location<'_>, message: &str) {
        self.findings.warnings.push(location.fault(message));
    }
}

/// Evaluates all parts, so that each records its faults, then returns them if none is faulty.
fn collect_all<T>(parts: impl Iterator<Item = Resolved<T>>) -> Resolved<Vec<T>> {
    let parts: Vec<_> = parts.collect();
    parts.into_iter().collect()
}

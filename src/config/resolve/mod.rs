//! From what was written to what is true: defaults, references, meaning.
//!
//! Each part notes its faults and goes on, so that all are told at once; a
//! configuration comes out whole or not at all. Files are named here, not read.

mod access;
mod acme;
mod directory;
mod header;
mod host;
mod itself;
mod limits;
mod listen;
mod memory;
mod network;
mod obtainable;
mod origin;
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
    host::check_host,
    listen::clash,
    network::LAN,
    obtainable::is_certifiable,
    origin::is_origin,
    redirect::is_redirect,
    request_header::{is_edited_header, is_edited_value, is_upstream_host, is_user_header},
    upstream::{check_server, is_server},
};
use self::{itself::Itself, obtainable::Obtainable};
use super::{
    characters::must_be_visible,
    faults::Fault,
    file::File,
    model::{Config, Host, NamedFiles},
    tree::{Node, Place},
};

/// The configuration a file means, or everything wrong with it.
///
/// `root` tells where the values of `file` stand, `folder` is what relative
/// paths are relative to. Warnings are left in the order they were found.
pub(super) fn resolve(file: &File, root: &Node, folder: &Path) -> (Option<Config>, Findings) {
    let mut resolver = Resolver {
        folder,
        tls: !file.listen.https.is_empty(),
        acme: Obtainable::of(file),
        itself: Itself::of(file),
        claimed: HashMap::new(),
        findings: Findings::default(),
    };
    let config = resolver.config(&Place::root(root), file);
    (config, resolver.findings)
}

/// What was found on the way.
#[derive(Default)]
pub(super) struct Findings {
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// What is allowed, but the operator should know.
    pub(super) warnings: Vec<Fault>,
    /// The files that are named, each with its place and no message.
    pub(super) files: Vec<(PathBuf, Fault)>,
}

/// Resolves one file; each part of the file has its methods in its own module.
struct Resolver<'f> {
    folder: &'f Path,
    /// Whether anything is served over TLS.
    tls: bool,
    /// What certificates `acme` can get.
    acme: Obtainable,
    /// Where hubgate itself answers.
    itself: Itself,
    /// The hosts met so far and the path of the key that claims them.
    claimed: HashMap<Host, String>,
    findings: Findings,
}

impl Resolver<'_> {
    fn config(&mut self, root: &Place<'_>, file: &File) -> Option<Config> {
        let listen = self.listen(&root.key("listen"), &file.listen);
        let state = self.file(&root.key("state"), &file.state);
        let acme = self.acme(&root.key("acme"), &file.acme);
        let sites = self.sites(&root.key("sites"), &file.sites);
        let trusted_proxies =
            self.trusted_proxies(&root.key("trusted_proxies"), &file.trusted_proxies);
        let limits = self.limits(&root.key("limits"), &file.limits);
        Some(Config {
            listen: listen?,
            state: state?,
            acme: Arc::new(acme?),
            sites: sites?,
            trusted_proxies: trusted_proxies?,
            limits: limits?,
            log: limits::log(&file.log),
            warnings: Vec::new(),
            named: NamedFiles::default(),
        })
    }

    /// The path of a file or folder, relative to the folder of `proxy.yaml`.
    fn file(&mut self, place: &Place<'_>, written: &str) -> Option<PathBuf> {
        self.keep(place, must_be_visible(written))?;
        let fault = match written {
            "" => "the path is empty: name a file",
            home if home.starts_with('~') => "`~` is not expanded: write the whole path",
            path => {
                let file = self.folder.join(path);
                self.findings.files.push((file.clone(), place.fault("")));
                return Some(file);
            }
        };
        self.fault(place, fault)
    }

    /// Each text of a list, parsed; none when one is wrong.
    fn each<T>(
        &mut self,
        place: &Place<'_>,
        written: &[String],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let parsed = written.iter().enumerate();
        let parsed = parsed.map(|(nth, text)| self.keep(&place.item(nth), parse(text)));
        whole(parsed.collect())
    }

    /// What a key left out or written comes to: nothing, or what `resolve` makes of it.
    fn optional<W: ?Sized, T>(
        &mut self,
        place: &Place<'_>,
        written: Option<&W>,
        resolve: impl FnOnce(&mut Self, &Place<'_>, &W) -> Option<T>,
    ) -> Option<Option<T>> {
        match written {
            None => Some(None),
            Some(written) => resolve(self, place, written).map(Some),
        }
    }

    /// The value; or nothing, the fault noted.
    fn keep<T>(&mut self, place: &Place<'_>, parsed: Result<T, String>) -> Option<T> {
        parsed.map_or_else(|message| self.fault(place, message), Some)
    }

    fn fault<T>(&mut self, place: &Place<'_>, message: impl Into<String>) -> Option<T> {
        self.findings.faults.push(place.fault(message));
        None
    }

    /// Notes that something is lacking, unless it may have been cut out as wrong.
    fn lacking<T>(&mut self, place: &Place<'_>, message: &str) -> Option<T> {
        if place.node.pruned {
            return None;
        }
        self.fault(place, message)
    }

    fn warn(&mut self, place: &Place<'_>, message: &str) {
        self.findings.warnings.push(place.fault(message));
    }
}

/// All the parts, if none failed. They are collected first so that each is looked at.
fn whole<T>(parts: Vec<Option<T>>) -> Option<Vec<T>> {
    parts.into_iter().collect()
}

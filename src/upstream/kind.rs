//! The kind of an upstream: openHAB or other.
//!
//! `upstream.kind` sets the kind. Otherwise openHAB is recognised by its folders on this machine,
//! or by its responses.

use std::{
    net::IpAddr,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::config::model::{self, HubKind};

/// Folders of openHAB's package and of a manual installation.
const INSTALLED: [&str; 2] = ["/usr/share/openhab", "/opt/openhab"];

/// Resources of openHAB's REST API in JSON, of which no other known hub has one.
const RESOURCES: [&str; 6] = [
    "/rest/items",
    "/rest/sitemaps",
    "/rest/things",
    "/rest/ui/",
    "/rest/persistence",
    "/rest/voice",
];

/// The kind of an upstream.
pub(super) struct Kind {
    /// Set when the kind is configured.
    is_certain: bool,
    is_openhab: AtomicBool,
}

impl Kind {
    pub(super) fn new(config: &model::Upstream) -> Self {
        let is_openhab = match config.kind {
            Some(kind) => kind == HubKind::OpenHab,
            None => INSTALLED.iter().any(|folder| Path::new(folder).is_dir()) && is_local(config),
        };
        Self {
            is_certain: config.kind.is_some(),
            is_openhab: is_openhab.into(),
        }
    }

    pub(super) fn is_openhab(&self) -> bool {
        self.is_openhab.load(Ordering::Relaxed)
    }

    /// Recognises openHAB by a successful response in JSON for one of its resources.
    pub(super) fn notice(&self, target: &str, content_type: &[u8]) {
        if self.is_certain || self.is_openhab() || !content_type.starts_with(b"application/json") {
            return;
        }
        if is_resource(target) {
            self.is_openhab.store(true, Ordering::Relaxed);
        }
    }

    /// Takes over the kind that was recognised before a reload.
    pub(super) fn remember(&self, before: &Self) {
        if !self.is_certain && !before.is_certain && before.is_openhab() {
            self.is_openhab.store(true, Ordering::Relaxed);
        }
    }
}

fn is_resource(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or(target);
    let is_root = matches!(path, "/rest" | "/rest/");
    is_root || RESOURCES.iter().any(|resource| path.starts_with(resource))
}

/// Reports whether a server is on this machine, on one of openHAB's ports.
fn is_local(config: &model::Upstream) -> bool {
    config.servers.iter().any(|server| match server {
        model::Server::Tcp { host, port, .. } => {
            let is_loopback = host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback());
            (is_loopback || host == "localhost") && matches!(port, 8080 | 8443)
        }
        model::Server::Unix(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(configured: Option<HubKind>) -> Kind {
        Kind::new(&model::Upstream {
            servers: vec![model::Server::Unix("/run/hub".into())],
            kind: configured,
            ..model::Upstream::default()
        })
    }

    #[test]
    fn openhab_is_recognised_by_responses_that_only_openhab_sends() {
        for (target, content_type, expected) in [
            ("/rest/", "application/json", true),
            (
                "/rest/items?fields=name",
                "application/json;charset=utf-8",
                true,
            ),
            ("/rest/ui/components/ui:page", "application/json", true),
            ("/rest/api/2/issue", "application/json", false),
            ("/rest/items", "text/html", false),
            ("/api/rest/items", "application/json", false),
            ("/", "application/json", false),
        ] {
            let kind = kind(None);
            kind.notice(target, content_type.as_bytes());
            assert_eq!(kind.is_openhab(), expected, "{target}");
        }
    }

    #[test]
    fn the_configured_kind_decides() {
        assert!(kind(Some(HubKind::OpenHab)).is_openhab());
        let other = kind(Some(HubKind::Other));
        other.notice("/rest/", b"application/json");
        let noticed = kind(None);
        noticed.notice("/rest/", b"application/json");
        other.remember(&noticed);
        assert!(!other.is_openhab());
    }

    #[test]
    fn a_recognised_kind_outlives_a_reload() {
        let (before, after) = (kind(None), kind(None));
        before.notice("/rest/", b"application/json");
        after.remember(&before);
        assert!(after.is_openhab());
    }
}

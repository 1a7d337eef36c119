//! `redirect`: a site without a hub, which redirects every request to another origin.

mod target;

use std::sync::Arc;

use self::target::Target;
pub use self::target::is_redirect;
use super::{Faulty, Resolved, Resolver};
use crate::config::{
    file,
    model::{Destination, Host, Origin, Serve, Site},
    tree::Location,
};

impl Resolver<'_> {
    /// Resolves `upstream`, `redirect` or `serve`; a site has exactly one of them.
    pub(super) fn destination(
        &mut self,
        location: &Location<'_>,
        written: &file::Site,
    ) -> Resolved<Destination> {
        match (&written.upstream, &written.redirect, written.serve) {
            (Some(upstream), None, None) => {
                let upstream = self.upstream(&location.key("upstream"), upstream)?;
                Ok(Destination::Upstream(upstream))
            }
            (None, Some(target), None) => {
                self.refuse_unused_keys(location, written);
                let origin = self.redirect(&location.key("redirect"), target)?;
                Ok(Destination::Redirect(origin))
            }
            (None, None, Some(serve)) => Ok(Destination::Serve(serve.into())),
            (None, None, None) => self.missing(location, NO_DESTINATION),
            (_, _, Some(_)) => self.fault(
                &location.key("serve"),
                "hubgate answers itself or has a hub: keep `serve`, `upstream` or `redirect`",
            ),
            (Some(_), Some(_), None) => self.fault(
                &location.key("redirect"),
                "a site has a hub or redirects: keep `upstream` or `redirect`",
            ),
        }
    }

    /// Refuses each key that has no effect beside `redirect`.
    fn refuse_unused_keys(&mut self, location: &Location<'_>, written: &file::Site) {
        let keys = [
            ("access", written.access.is_some()),
            ("paths", !written.paths.is_empty()),
            ("user_header", written.user_header.is_some()),
            ("headers", !written.headers.is_empty()),
        ];
        for (key, _) in keys.iter().filter(|(_, is_written)| *is_written) {
            let message =
                format!("`redirect` answers every request, so this has no effect: remove `{key}`");
            self.record(&location.key(key), message);
        }
    }

    fn redirect(&mut self, location: &Location<'_>, written: &str) -> Resolved<Origin> {
        let origin = self.checked(location, Target::parse(written))?.origin();
        let plain = origin.as_str().strip_prefix("http://");
        match plain.filter(|_| self.tls) {
            Some(rest) => self.fault(
                location,
                format!("{origin} leads from TLS into the clear: write https://{rest}"),
            ),
            None => Ok(origin),
        }
    }

    /// Refuses redirects that lead back to their own site, directly or by other redirects.
    pub(super) fn refuse_redirect_loops(
        &mut self,
        location: &Location<'_>,
        sites: &[Arc<Site>],
    ) -> Resolved<()> {
        let is_loop = |nth: &usize| self.leads_back(sites, *nth);
        let loops: Vec<_> = (0..sites.len()).filter(is_loop).collect();
        for nth in &loops {
            let Some(origin) = sites[*nth].redirect() else {
                continue;
            };
            let message = format!(
                "{origin} leads back to this site, and browsers stop at such a loop: \
                 name a host of another site or machine"
            );
            self.record(&location.item(*nth).key("redirect"), message);
        }
        match loops.is_empty() {
            true => Ok(()),
            false => Err(Faulty),
        }
    }

    fn leads_back(&self, sites: &[Arc<Site>], first: usize) -> bool {
        let target = |nth: &usize| self.site_at(sites, sites[*nth].redirect()?);
        let visited = std::iter::successors(target(&first), target);
        visited.take(sites.len()).any(|nth| nth == first)
    }

    /// Returns the site that answers at a redirect's target, if hubgate listens there.
    fn site_at(&self, sites: &[Arc<Site>], origin: &Origin) -> Option<usize> {
        let target = Target::parse(origin.as_str()).ok()?;
        let is_default = target.port == target.scheme.default_port();
        if !is_default && !self.own_addresses.listens_on(target.port) {
            return None;
        }
        let has = |host: &Host| sites.iter().position(|site| site.hosts.contains(host));
        let wildcard = || {
            let Host::Name(name) = &target.host else {
                return None;
            };
            let (_, parent) = name.split_once('.')?;
            has(&Host::Wildcard(parent.to_owned()))
        };
        has(&target.host).or_else(wildcard)
    }
}

impl From<file::Serve> for Serve {
    fn from(written: file::Serve) -> Self {
        match written {
            file::Serve::Metrics => Self::Metrics,
        }
    }
}

const NO_DESTINATION: &str = "no `upstream`: write the address of the hub, such as \
    http://127.0.0.1:8080, or `redirect` with another origin, such as https://home.example.org";

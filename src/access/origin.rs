//! Protection against cross-site requests, by the origin of the page that sends them.
//!
//! A browser adds certificates, cached passwords, cookies and the client's network to the requests
//! of any page (ambient authority). So writes and WebSockets are accepted from the site's own pages
//! only. Where the access rule has a factor, reads are accepted from another site's page only as a
//! navigation, which the browser shows in the address bar. Programs other than browsers send none
//! of the fields that are checked here, and pass.

mod acting;
mod page;

use http::Method;

pub use self::acting::has_side_effects;
use self::page::{AsciiOrigin, Page};
use crate::{
    config::model::{Host, Origin},
    fields::{FieldName, Fields},
};

/// A request, with the fields by which a browser describes the page that sends it.
#[derive(Clone, Copy, Debug)]
pub struct RequestOrigin<'a> {
    /// Method of the request; GET, HEAD and OPTIONS are safe (RFC 9110, section 9.2.1).
    pub method: &'a Method,
    /// Header fields of the request.
    pub fields: &'a Fields<'a>,
    /// The request opens a WebSocket, which counts as a write.
    pub websocket: bool,
    /// The request came over TLS; then no `http` page is the site's own.
    pub tls: bool,
}

/// The place that a request is for.
#[derive(Clone, Copy, Debug)]
pub struct OriginTarget<'a> {
    /// Hosts of the site.
    pub hosts: &'a [Host],
    /// Port in the request's `Host` or `:authority`.
    pub port: Option<u16>,
    /// Listed origins, which count as own: those of the site, and those of the path rule.
    pub origins: [&'a [Origin]; 2],
    /// The access rule has a factor, so that reading needs credentials.
    pub guarded: bool,
    /// A GET has side effects here: see [`has_side_effects`].
    pub acts: bool,
}

/// The ground for the verdict on the page that sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginBasis {
    /// The request itself, without a listed origin.
    Itself,
    /// An origin that is listed.
    Listed(Origin),
    /// None: the page is another site's, and only a `public` place takes the request.
    Nothing,
}

impl OriginBasis {
    /// Reports whether the verdict still holds with these listed origins.
    #[must_use]
    pub fn holds(&self, origins: [&[Origin]; 2]) -> bool {
        match self {
            Self::Itself => true,
            Self::Listed(origin) => origins.into_iter().flatten().any(|listed| listed == origin),
            Self::Nothing => false,
        }
    }
}

/// The field by which a request counts as sent by another site's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossSite {
    /// `Sec-Fetch-Site` is `cross-site`, or `same-site` on a write that names no page.
    #[error("sec-fetch-site is cross-site: open the page from this site's own address")]
    FetchSite,
    /// `Origin` (RFC 6454, section 7) names another site, is `null`, or appears more than once.
    #[error("origin is none of this site's hosts: open the page from this site's own address")]
    Origin,
    /// `Referer` names another site on a write without `Origin`.
    #[error("referer is none of this site's pages: open the page from this site's own address")]
    Referer,
}

/// The value of `Sec-Fetch-Site` (Fetch metadata).
#[derive(Clone, Copy, PartialEq, Eq)]
enum FetchSite {
    /// `cross-site`.
    Cross,
    /// `same-site`.
    Same,
    /// `same-origin`, `none`, or no such field.
    Own,
}

impl<'a> RequestOrigin<'a> {
    /// Judges a request for a place that is not `public`.
    ///
    /// An `http` or `https` origin of one of the hosts is the site's own, with any port: the port
    /// that the browser uses may be a router's, and neither cookies nor client certificates
    /// distinguish ports. A loopback host is own with the requested port only, as its other ports
    /// belong to other programs. Over TLS only `https` is own.
    ///
    /// # Errors
    /// The field that names another site.
    pub fn check(&self, target: &OriginTarget<'_>) -> Result<(), CrossSite> {
        let writes = self.websocket || target.acts || !self.method.is_safe();
        let (origin, referer) = (self.origin(target), self.referer(target));
        if origin == Some(Page::Foreign) && (writes || target.guarded) {
            return Err(CrossSite::Origin);
        }
        let page = origin.or(referer);
        match self.fetch_site() {
            FetchSite::Cross if page == Some(Page::Allowed) => Ok(()),
            FetchSite::Cross if writes => Err(CrossSite::FetchSite),
            FetchSite::Cross if target.guarded && !self.is_navigation() => {
                Err(CrossSite::FetchSite)
            }
            // A browser names the page in every write that it sends for another origin.
            FetchSite::Same if writes && page.is_none() => Err(CrossSite::FetchSite),
            _ if writes && page == Some(Page::Foreign) => Err(CrossSite::Referer),
            _ => Ok(()),
        }
    }

    /// Returns the ground for the verdict of [`RequestOrigin::check`], with which it can be
    /// re-evaluated.
    #[must_use]
    pub fn ground(&self, target: &OriginTarget<'_>) -> OriginBasis {
        let unlisted = OriginTarget {
            origins: [&[], &[]],
            ..*target
        };
        if !self.names_page() || self.check(&unlisted).is_ok() {
            return OriginBasis::Itself;
        }
        match self.check(target) {
            Ok(()) => self
                .listed(target)
                .map_or(OriginBasis::Nothing, OriginBasis::Listed),
            Err(_) => OriginBasis::Nothing,
        }
    }

    /// Returns the listed origin of the page that the request names.
    fn listed(&self, target: &OriginTarget<'_>) -> Option<Origin> {
        let named = [FieldName::Origin, FieldName::Referer];
        let named = named.into_iter().find_map(|name| self.fields.get(name))?;
        AsciiOrigin::of_url(named).find_in(target.origins).cloned()
    }

    /// Reports whether a field describes the page; a request without one passes everywhere.
    #[must_use]
    pub fn names_page(&self) -> bool {
        [
            FieldName::Origin,
            FieldName::Referer,
            FieldName::SecFetchSite,
        ]
        .into_iter()
        .any(|name| self.fields.has(name))
    }

    /// Returns the value of `Origin` if it is a listed origin.
    #[must_use]
    pub fn allowed(&self, origins: [&[Origin]; 2]) -> Option<&'a [u8]> {
        let sent = self.fields.only(FieldName::Origin);
        sent.filter(|origin| AsciiOrigin::new(origin).find_in(origins).is_some())
    }

    fn fetch_site(&self) -> FetchSite {
        let sites = || self.fields.all(FieldName::SecFetchSite);
        if sites().any(|site| site == b"cross-site") {
            return FetchSite::Cross;
        }
        match sites().any(|site| site == b"same-site") {
            true => FetchSite::Same,
            false => FetchSite::Own,
        }
    }

    /// Reports whether a top-level navigation sends the request.
    fn is_navigation(&self) -> bool {
        let is = |name, wanted: &[u8]| self.fields.only(name) == Some(wanted);
        *self.method == Method::GET
            && is(FieldName::SecFetchMode, b"navigate")
            && is(FieldName::SecFetchDest, b"document")
    }

    fn origin(&self, target: &OriginTarget<'_>) -> Option<Page> {
        let mut origins = self.fields.all(FieldName::Origin);
        match (origins.next()?, origins.next()) {
            (origin, None) => Some(Page::classify(AsciiOrigin::new(origin), target, self.tls)),
            _ => Some(Page::Foreign),
        }
    }

    fn referer(&self, target: &OriginTarget<'_>) -> Option<Page> {
        let mut referers = self.fields.all(FieldName::Referer);
        match (referers.next()?, referers.next()) {
            (referer, None) => Some(Page::classify(
                AsciiOrigin::of_url(referer),
                target,
                self.tls,
            )),
            _ => Some(Page::Foreign),
        }
    }
}

#[cfg(test)]
mod tests;

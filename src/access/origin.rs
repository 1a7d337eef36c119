//! Whether another site's page makes the client's browser send a request.
//!
//! A browser adds certificates, cached passwords, cookies and its place in the
//! network to what any page asks of it (ambient authority). So writes and
//! WebSockets are taken from the site's own pages only, and reads from another
//! site's page only as what a person sees in the address bar: a link that is
//! followed. Programs that are no browsers send none of the fields that are
//! judged here, and pass.

mod acting;
mod page;

use http::Method;

pub use self::acting::acts;
use self::page::Page;
use crate::{
    config::model::{Host, Origin},
    fields::{FieldName, Fields},
};

/// The fields of a request that name the page behind it.
#[derive(Clone, Copy, Debug)]
pub struct RequestOrigin<'a> {
    /// The method; GET, HEAD and OPTIONS change nothing (RFC 9110, section 9.2.1).
    pub method: &'a Method,
    /// The request's fields.
    pub fields: &'a Fields<'a>,
    /// Whether the request opens a WebSocket, which is judged as a write.
    pub websocket: bool,
    /// Whether it came over TLS; pages that did not are none of the site's own then.
    pub tls: bool,
}

/// The place that a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The hosts of its site.
    pub hosts: &'a [Host],
    /// The port of the request's Host or `:authority`; none where it has none.
    pub port: Option<u16>,
    /// Further origins that count as own: those of the site, and those of the path.
    pub origins: [&'a [Origin]; 2],
    /// Whether its access rule has a factor, so that reading needs authority.
    pub guarded: bool,
    /// Whether a GET acts here: see [`acts`].
    pub acts: bool,
}

/// What the verdict on a request's page rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The request alone: no listed origin is needed.
    Itself,
    /// This origin is listed.
    Listed(Origin),
    /// The page is another site's: only a place that is public by name takes the request.
    Nothing,
}

impl Ground {
    /// Whether the verdict holds where these origins are listed.
    #[must_use]
    pub fn holds(&self, origins: [&[Origin]; 2]) -> bool {
        match self {
            Self::Itself => true,
            Self::Listed(origin) => origins.into_iter().flatten().any(|it| it == origin),
            Self::Nothing => false,
        }
    }
}

/// Why a request is taken to be another site's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossSite {
    /// `Sec-Fetch-Site` says so.
    #[error("sec-fetch-site is cross-site: open the page from this site's own address")]
    FetchSite,
    /// `Origin` (RFC 6454) names another site, none (`null`), or several.
    #[error("origin is none of this site's hosts: open the page from this site's own address")]
    Origin,
    /// `Referer` names another site, where a GET acts or no `Origin` came with a write.
    #[error("referer is none of this site's pages: open the page from this site's own address")]
    Referer,
}

/// What `Sec-Fetch-Site` says, as far as it makes a difference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FetchSite {
    Cross,
    Same,
    /// The same origin, the person (`none`), or no such field.
    Own,
}

impl<'a> RequestOrigin<'a> {
    /// Judges a request for a place that is not public by name.
    ///
    /// Own is an `http` or `https` origin of one of the hosts, with any port:
    /// the port that the browser sees may be a router's, and neither cookies nor
    /// client certificates tell ports apart. A loopback host is own with the
    /// port that was asked for only, as other ports there are other programs.
    /// Over TLS only `https` is own.
    ///
    /// # Errors
    /// The field that speaks for another site.
    pub fn judge(&self, target: &Target<'_>) -> Result<(), CrossSite> {
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
            // Whatever a browser sends in another origin's name, it names that when it writes.
            FetchSite::Same if writes && page.is_none() => Err(CrossSite::FetchSite),
            _ if writes && page == Some(Page::Foreign) => Err(CrossSite::Referer),
            _ => Ok(()),
        }
    }

    /// What the verdict of [`RequestOrigin::judge`] rests on, so that it can be looked up again.
    #[must_use]
    pub fn ground(&self, target: &Target<'_>) -> Ground {
        let unlisted = Target {
            origins: [&[], &[]],
            ..*target
        };
        if !self.names_page() || self.judge(&unlisted).is_ok() {
            return Ground::Itself;
        }
        match self.judge(target) {
            Ok(()) => self.listed(target).map_or(Ground::Nothing, Ground::Listed),
            Err(_) => Ground::Nothing,
        }
    }

    /// The listed origin of the page that the request names.
    fn listed(&self, target: &Target<'_>) -> Option<Origin> {
        let named = [FieldName::Origin, FieldName::Referer];
        let named = named.into_iter().find_map(|name| self.fields.get(name))?;
        let named = page::origin_of(named);
        let mut listed = target.origins.into_iter().flatten();
        let found = listed.find(|origin| origin.as_str().as_bytes() == named);
        found.cloned()
    }

    /// Whether a field names the page at all; what has none passes everywhere.
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

    /// The listed origin that sends the request, as it is written in `Origin`.
    #[must_use]
    pub fn allowed(&self, origins: [&[Origin]; 2]) -> Option<&'a [u8]> {
        let sent = self.fields.only(FieldName::Origin);
        sent.filter(|origin| page::is_listed(origin, origins))
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

    /// Whether a link to a page is followed, outside of any frame.
    fn is_navigation(&self) -> bool {
        let is = |name, wanted: &[u8]| self.fields.only(name) == Some(wanted);
        *self.method == Method::GET
            && is(FieldName::SecFetchMode, b"navigate")
            && is(FieldName::SecFetchDest, b"document")
    }

    fn origin(&self, target: &Target<'_>) -> Option<Page> {
        let mut origins = self.fields.all(FieldName::Origin);
        match (origins.next()?, origins.next()) {
            (origin, None) => Some(Page::of(origin, target, self.tls)),
            _ => Some(Page::Foreign),
        }
    }

    fn referer(&self, target: &Target<'_>) -> Option<Page> {
        let mut referers = self.fields.all(FieldName::Referer);
        match (referers.next()?, referers.next()) {
            (referer, None) => Some(Page::of_url(referer, target, self.tls)),
            _ => Some(Page::Foreign),
        }
    }
}

#[cfg(test)]
mod tests;

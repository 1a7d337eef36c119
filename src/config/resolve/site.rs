//! `sites`: each site as a whole, its hosts claimed once over all of them.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc};

use http::{HeaderName, HeaderValue};

use super::{Resolver, header, host, path, quantity, whole};
use crate::config::{
    file::{self, CertificateWord, HstsWord},
    model::{Access, Certificate, Destination, Host, Hsts, PathAccess, PathRule, Site},
    tree::Place,
};

impl Resolver<'_> {
    pub(super) fn sites(
        &mut self,
        place: &Place<'_>,
        written: &[file::Site],
    ) -> Option<Vec<Arc<Site>>> {
        if written.is_empty() {
            return self.lacking(place, "no site: write one with `hosts` and `upstream`");
        }
        let sites = written.iter().enumerate();
        let sites = sites.map(|(nth, site)| self.site(&place.item(nth), site).map(Arc::new));
        let sites = whole(sites.collect())?;
        self.refuse_redirect_loops(place, &sites)?;
        Some(sites)
    }

    fn site(&mut self, place: &Place<'_>, written: &file::Site) -> Option<Site> {
        let hosts = self.hosts(&place.key("hosts"), &written.hosts);
        let certificate = self.certificate(&place.key("certificate"), &written.certificate);
        if let (Some(hosts), Some(Certificate::Acme)) = (&hosts, &certificate) {
            self.obtainable(&place.key("hosts"), hosts);
        }
        let destination = self.destination(place, written);
        let user_header = self.optional(
            &place.key("user_header"),
            written.user_header.as_deref(),
            Self::user_header,
        );
        let access = match &written.redirect {
            Some(_) => Some(Access::default()),
            None => self.site_access(place, written.access.as_ref()),
        };
        let origins = self.origins(&place.key("access"), written.access.as_ref());
        let session = self.session(
            &place.key("access"),
            written.access.as_ref(),
            access.as_ref(),
        );
        let paths = self.paths(&place.key("paths"), &written.paths);
        let hsts = self.hsts(&place.key("hsts"), &written.hsts);
        let headers = self.headers(&place.key("headers"), &written.headers);
        if let (Some(Some(name)), Some(Destination::Upstream(upstream)), Some(paths)) =
            (&user_header, &destination, &paths)
        {
            self.user_header_once(&place.key("user_header"), name, upstream, paths)?;
        }
        Some(Site {
            hosts: hosts?,
            certificate: certificate?,
            destination: destination?,
            user_header: user_header?,
            access: access?,
            origins: origins?,
            session: session?,
            paths: paths?,
            hsts: hsts?,
            headers: headers?,
        })
    }

    fn hosts(&mut self, place: &Place<'_>, written: &[String]) -> Option<Vec<Host>> {
        if written.is_empty() {
            return self.lacking(place, "no host: name one, such as home.example.org");
        }
        let hosts = written.iter().enumerate().map(|(nth, text)| {
            let place = place.item(nth);
            let host = self.keep(&place, host::of_site(text))?;
            self.claim(&place, host)
        });
        whole(hosts.collect())
    }

    /// Notes that a host has a site, unless it has one already.
    fn claim(&mut self, place: &Place<'_>, host: Host) -> Option<Host> {
        if let Some(other) = self.claimed.get(&host) {
            let message =
                format!("{other} has this host already: a host belongs to one site, once");
            return self.fault(place, message);
        }
        self.claimed.insert(host.clone(), place.path.clone());
        Some(host)
    }

    fn certificate(
        &mut self,
        place: &Place<'_>,
        written: &file::Certificate,
    ) -> Option<Certificate> {
        let files = match written {
            file::Certificate::Word(CertificateWord::SelfSigned) => {
                return Some(Certificate::SelfSigned);
            }
            file::Certificate::Word(CertificateWord::Acme) => return self.acme_certificate(place),
            file::Certificate::Files(files) => files,
        };
        if !self.tls {
            self.warn(
                place,
                "this certificate is not used: `listen.https` has no address",
            );
        }
        let chain = self.file(&place.key("chain"), &files.chain);
        let key = self.file(&place.key("key"), &files.key);
        Some(Certificate::Files {
            chain: chain?,
            key: key?,
        })
    }

    fn hsts(&mut self, place: &Place<'_>, written: &file::Hsts) -> Option<Hsts> {
        let always = match written {
            file::Hsts::Word(HstsWord::Auto) => return Some(Hsts::Auto),
            file::Hsts::Word(HstsWord::Off) => return Some(Hsts::Off),
            file::Hsts::Always(always) => always,
        };
        let max_age = self.keep(&place.key("max_age"), quantity::duration(&always.max_age))?;
        let include_subdomains = always.include_subdomains;
        Some(Hsts::On {
            max_age,
            include_subdomains,
        })
    }

    fn headers(
        &mut self,
        place: &Place<'_>,
        written: &BTreeMap<String, String>,
    ) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let mut seen = HashMap::new();
        let headers = written.iter().map(|(name, value)| {
            let place = place.key(name);
            let header = self.keep(&place, header::name(name));
            let value = self.keep(&place, header::value(value));
            if let Some(other) = seen.insert(header.clone()?, name) {
                return self.fault(&place, format!("{other} is the same header: keep one"));
            }
            Some((header?, value?))
        });
        whole(headers.collect())
    }

    fn paths(&mut self, place: &Place<'_>, written: &[file::PathRule]) -> Option<Vec<PathRule>> {
        let mut seen = HashMap::new();
        let rules = written.iter().enumerate().map(|(nth, written)| {
            let place = place.item(nth);
            let rule = self.path(&place, written)?;
            if let Some(other) = seen.insert(rule.pattern(), place.path.clone()) {
                let message = format!("{other} has this path already: keep one of the two");
                return self.fault(&place.key("path"), message);
            }
            Some(rule)
        });
        whole(rules.collect())
    }

    fn path(&mut self, place: &Place<'_>, written: &file::PathRule) -> Option<PathRule> {
        let path = self.keep(&place.key("path"), path::parse(&written.path));
        if written.prefix && written.path.ends_with('/') {
            return self.fault(
                &place.key("prefix"),
                "a path that ends in a slash takes all that begins with it anyway: remove `prefix`",
            );
        }
        let access = self.path_access(&place.key("access"), written.access.as_ref());
        let origins = self.origins(&place.key("access"), written.access.as_ref());
        let upstream = self.optional(
            &place.key("upstream"),
            written.upstream.as_ref(),
            Self::upstream,
        );
        let (path, access, origins, upstream) = (path?, access?, origins?, upstream?);
        if matches!(access, PathAccess::Inherit) && origins.is_empty() && upstream.is_none() {
            return self.lacking(
                place,
                "changes nothing: add `access` or `upstream`, or remove it",
            );
        }
        Some(PathRule {
            path,
            prefix: written.prefix,
            access,
            origins,
            upstream,
        })
    }
}

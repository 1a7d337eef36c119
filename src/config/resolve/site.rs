//! `sites`: each site, with hosts that belong to no other site.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc};

use http::{HeaderName, HeaderValue};

use super::{Resolved, Resolver, collect_all, header, path::RulePath, quantity::Quantity};
use crate::config::{
    file::{self, CertificateWord, HstsWord},
    model::{Certificate, Host, Hsts, PathAccess, PathRule, Serve, Site},
    tree::Location,
};

impl Resolver<'_> {
    pub(super) fn sites(
        &mut self,
        location: &Location<'_>,
        written: &[file::Site],
    ) -> Resolved<Vec<Arc<Site>>> {
        if written.is_empty() {
            return self.missing(location, "no site: write one with `hosts` and `upstream`");
        }
        let sites = written.iter().enumerate();
        let sites = sites.map(|(nth, site)| self.site(&location.item(nth), site).map(Arc::new));
        let sites = collect_all(sites)?;
        self.refuse_redirect_loops(location, &sites)?;
        Ok(sites)
    }

    fn site(&mut self, location: &Location<'_>, written: &file::Site) -> Resolved<Site> {
        let hosts = self.hosts(&location.key("hosts"), &written.hosts);
        let certificate = self.certificate(&location.key("certificate"), &written.certificate);
        if let (Ok(hosts), Ok(Certificate::Acme)) = (&hosts, &certificate) {
            self.refuse_uncertifiable(&location.key("hosts"), hosts);
        }
        let destination = self.destination(location, written);
        let user_header = written.user_header.as_deref();
        let key = location.key("user_header");
        let user_header = self.optional(&key, user_header, Self::user_header);
        let access = self.site_access(location, written);
        let key = location.key("access");
        let origins = self.origins(&key, written.access.as_ref());
        let resolved = access.as_ref().map_err(|faulty| *faulty);
        let session = self.session(&key, written.access.as_ref(), resolved);
        let paths = self.paths(&location.key("paths"), &written.paths);
        let hsts = self.hsts(&location.key("hsts"), &written.hsts);
        let headers = self.headers(&location.key("headers"), &written.headers);
        if let (Ok(Some(name)), Ok(destination), Ok(paths)) = (&user_header, &destination, &paths) {
            let key = location.key("user_header");
            self.refuse_duplicate_user_header(&key, name, destination, paths)?;
        }
        Ok(Site {
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

    fn hosts(&mut self, location: &Location<'_>, written: &[String]) -> Resolved<Vec<Host>> {
        if written.is_empty() {
            return self.missing(location, "no host: name one, such as home.example.org");
        }
        let hosts = written.iter().enumerate().map(|(nth, text)| {
            let location = location.item(nth);
            let host = self.checked(&location, Host::parse_for_site(text))?;
            self.claim(&location, host)
        });
        collect_all(hosts)
    }

    /// Claims a host for its site, unless it belongs to one already.
    fn claim(&mut self, location: &Location<'_>, host: Host) -> Resolved<Host> {
        if let Some(other) = self.claimed.get(&host) {
            let message = format!("{other} has this host already: remove one of the two");
            return self.fault(location, message);
        }
        self.claimed.insert(host.clone(), location.path.clone());
        Ok(host)
    }

    fn certificate(
        &mut self,
        location: &Location<'_>,
        written: &file::Certificate,
    ) -> Resolved<Certificate> {
        let files = match written {
            file::Certificate::Word(CertificateWord::SelfSigned) => {
                return Ok(Certificate::SelfSigned);
            }
            file::Certificate::Word(CertificateWord::Acme) => {
                return Ok(self.acme_certificate(location));
            }
            file::Certificate::Files(files) => files,
        };
        if !self.tls {
            self.warn(
                location,
                "this certificate is not used, since `listen.https` has no address: give it one",
            );
        }
        let chain = self.file(&location.key("chain"), &files.chain);
        let key = self.file(&location.key("key"), &files.key);
        Ok(Certificate::Files {
            chain: chain?,
            key: key?,
        })
    }

    fn hsts(&mut self, location: &Location<'_>, written: &file::Hsts) -> Resolved<Hsts> {
        let always = match written {
            file::Hsts::Word(HstsWord::Auto) => return Ok(Hsts::Auto),
            file::Hsts::Word(HstsWord::Off) => return Ok(Hsts::Off),
            file::Hsts::Always(always) => always,
        };
        let max_age = Quantity(&always.max_age).duration();
        Ok(Hsts::On {
            max_age: self.checked(&location.key("max_age"), max_age)?,
            include_subdomains: always.include_subdomains,
        })
    }

    fn headers(
        &mut self,
        location: &Location<'_>,
        written: &BTreeMap<String, String>,
    ) -> Resolved<Vec<(HeaderName, HeaderValue)>> {
        let mut seen = HashMap::new();
        let headers = written.iter().map(|(name, value)| {
            let location = location.key(name);
            let header = self.checked(&location, header::name(name));
            let value = self.checked(&location, header::value(value));
            if let Some(other) = seen.insert(header.clone()?, name) {
                return self.fault(&location, format!("{other} is the same header: keep one"));
            }
            Ok((header?, value?))
        });
        collect_all(headers)
    }

    fn paths(
        &mut self,
        location: &Location<'_>,
        written: &[file::PathRule],
    ) -> Resolved<Vec<PathRule>> {
        let mut seen = HashMap::new();
        let rules = written.iter().enumerate().map(|(nth, written)| {
            let location = location.item(nth);
            let rule = self.path(&location, written)?;
            if let Some(other) = seen.insert(rule.pattern(), location.path.clone()) {
                let message = format!("{other} has this path already: keep one of the two");
                return self.fault(&location.key("path"), message);
            }
            Ok(rule)
        });
        collect_all(rules)
    }

    fn path(&mut self, location: &Location<'_>, written: &file::PathRule) -> Resolved<PathRule> {
        let path = self.checked(&location.key("path"), RulePath(&written.path).parse());
        if written.prefix && written.path.ends_with('/') {
            return self.fault(
                &location.key("prefix"),
                "a path that ends in a slash covers everything below it anyway: remove `prefix`",
            );
        }
        let key = location.key("access");
        let access = self.path_access(&key, written.access.as_ref());
        let origins = self.origins(&key, written.access.as_ref());
        let upstream = written.upstream.as_ref();
        let upstream = self.optional(&location.key("upstream"), upstream, Self::upstream);
        let (path, access, origins, upstream) = (path?, access?, origins?, upstream?);
        let serve = written.serve.map(Serve::from);
        if upstream.is_some() && serve.is_some() {
            return self.fault(
                &location.key("serve"),
                "hubgate answers itself or has a hub: keep `serve` or `upstream`",
            );
        }
        let has_destination = upstream.is_some() || serve.is_some();
        if matches!(access, PathAccess::Inherit) && origins.is_empty() && !has_destination {
            return self.missing(
                location,
                "changes nothing: add `access`, `upstream` or `serve`, or remove it",
            );
        }
        Ok(PathRule {
            path,
            prefix: written.prefix,
            access,
            origins,
            upstream,
            serve,
        })
    }
}

//! `access`: who may enter, and what the hub is told of them.

use std::path::PathBuf;

use super::{Resolver, network};
use crate::config::{
    file::{self, ClientHeadersForm, SiteAccess},
    model::{
        Access, ClientAuthority, ClientCertificate, ClientHeaders, Networks, PathAccess, Satisfy,
    },
    tree::Place,
};

impl Resolver<'_> {
    /// The rule of a site, which is never left out: that would be open to everybody.
    pub(super) fn site_access(
        &mut self,
        place: &Place<'_>,
        written: Option<&SiteAccess>,
    ) -> Option<Access> {
        match written {
            Some(SiteAccess::Factors(factors)) => self.access(&place.key("access"), factors),
            Some(SiteAccess::Word(_)) => Some(Access::default()),
            None => self.lacking(place, NO_ACCESS),
        }
    }

    /// What a path changes; left out, nothing.
    pub(super) fn path_access(
        &mut self,
        place: &Place<'_>,
        written: Option<&SiteAccess>,
    ) -> Option<PathAccess> {
        match written {
            Some(SiteAccess::Factors(factors)) => self.additional(place, factors),
            Some(SiteAccess::Word(_)) => Some(PathAccess::Public),
            None => Some(PathAccess::Inherit),
        }
    }

    /// A login is remembered for the site as a whole.
    fn additional(&mut self, place: &Place<'_>, written: &file::Access) -> Option<PathAccess> {
        let access = match adds_origins_only(written) {
            true => Some(PathAccess::Inherit),
            false => self.access(place, written).map(PathAccess::And),
        };
        if written.session.is_some() {
            let cure = "a login is remembered for a whole site: write this in the site's `access`";
            return self.fault(&place.key("session"), cure);
        }
        access
    }

    fn access(&mut self, place: &Place<'_>, written: &file::Access) -> Option<Access> {
        let at = place.key("networks");
        let networks = self.optional(&at, written.networks.as_deref(), Self::entry_networks);
        let at = place.key("password");
        let password = self.optional(&at, written.password.as_deref(), Self::password);
        let at = place.key("client_certificate");
        let written_certificate = written.client_certificate.as_ref();
        let certificate = self.optional(&at, written_certificate, Self::client_certificate);
        let at = place.key("client_headers");
        let headers = self.keep(&at, client_headers(&written.client_headers));
        let access = Access {
            satisfy: satisfy(written.satisfy),
            networks: networks?,
            password: password?,
            client_certificate: certificate?,
            client_headers: headers?,
        };
        self.consistent(place, access)
    }

    fn entry_networks(&mut self, place: &Place<'_>, written: &[String]) -> Option<Networks> {
        if written.is_empty() {
            return self.lacking(place, "no network at all: name one, or remove `networks`");
        }
        let networks = self.each(place, written, network::entry)?;
        Some(Networks(networks.concat()))
    }

    fn password(&mut self, place: &Place<'_>, written: &str) -> Option<PathBuf> {
        if !self.tls {
            self.warn(
                place,
                "passwords travel in the clear: `listen.https` has no address",
            );
        }
        self.file(place, written)
    }

    fn client_certificate(
        &mut self,
        place: &Place<'_>,
        written: &file::ClientCertificate,
    ) -> Option<ClientCertificate> {
        if !self.tls {
            let cure = "client certificates need TLS: give `listen.https` an address";
            return self.fault(place, cure);
        }
        match written {
            file::ClientCertificate::Ca(ca) => Some(ClientCertificate {
                ca: self.client_ca(place, ca, None)?,
                allow: Vec::new(),
                verify_depth: None,
                any_use: false,
            }),
            file::ClientCertificate::Narrowed(written) => self.narrowed(place, written),
        }
    }

    fn narrowed(
        &mut self,
        place: &Place<'_>,
        written: &file::ClientCa,
    ) -> Option<ClientCertificate> {
        let crl = self.optional(&place.key("crl"), written.crl.as_deref(), Self::file);
        let ca = crl.and_then(|crl| self.client_ca(&place.key("ca"), &written.ca, crl));
        if ca == Some(ClientAuthority::Own) && written.crl.is_some() {
            let cure = "hubgate keeps the revocations of its own CA itself (`hubgate client revoke`): remove `crl`";
            return self.fault(&place.key("crl"), cure);
        }
        if ca == Some(ClientAuthority::Own) && written.any_use {
            let cure =
                "the certificates of hubgate's own CA all have their usage: remove `any_use`";
            return self.fault(&place.key("any_use"), cure);
        }
        let allow = self.optional(&place.key("allow"), written.allow.as_deref(), Self::names);
        Some(ClientCertificate {
            ca: ca?,
            allow: allow?.unwrap_or_default(),
            verify_depth: written.verify_depth,
            any_use: written.any_use,
        })
    }

    fn names(&mut self, place: &Place<'_>, written: &[String]) -> Option<Vec<String>> {
        if written.is_empty() {
            let cure = "nobody is let in: name somebody, or remove `allow` to let all in that the CA signed";
            return self.lacking(place, cure);
        }
        self.each(place, written, |name| match name {
            "" => Err("an empty name: write a certificate's common name".into()),
            name => Ok(name.to_owned()),
        })
    }

    /// The CA that is named; a file called `own` would be `./own`.
    fn client_ca(
        &mut self,
        place: &Place<'_>,
        written: &str,
        crl: Option<PathBuf>,
    ) -> Option<ClientAuthority> {
        if written == "own" {
            return Some(ClientAuthority::Own);
        }
        if written.eq_ignore_ascii_case("own") {
            return self.fault(place, format!("\"{written}\" would be a file: write own"));
        }
        let ca = self.file(place, written)?;
        Some(ClientAuthority::Files { ca, crl })
    }

    /// Refuses access that lets nobody in, or speaks of certificates that it does not take.
    fn consistent(&mut self, place: &Place<'_>, access: Access) -> Option<Access> {
        if access.is_open() {
            let cure =
                "lets nobody in: name networks, password or client_certificate, or write `public`";
            return self.lacking(place, cure);
        }
        let told = access.client_headers != ClientHeaders::Off;
        if told && access.client_certificate.is_none() && !place.node.pruned {
            let cure = "no certificate to tell of: add `client_certificate` here, or remove this";
            return self.fault(&place.key("client_headers"), cure);
        }
        Some(access)
    }
}

const NO_ACCESS: &str = "no `access`: write `access: public` for everybody, or name networks, \
                         password or client_certificate in it";

/// Whether a path's block lists origins and no factor.
fn adds_origins_only(written: &file::Access) -> bool {
    let plain = matches!(written.client_headers, file::ClientHeaders::Switch(false));
    let factors = [
        written.networks.is_some(),
        written.password.is_some(),
        written.client_certificate.is_some(),
    ];
    written.origins.is_some() && plain && factors == [false; 3]
}

fn satisfy(written: file::Satisfy) -> Satisfy {
    match written {
        file::Satisfy::Any => Satisfy::Any,
        file::Satisfy::All => Satisfy::All,
    }
}

fn client_headers(written: &file::ClientHeaders) -> Result<ClientHeaders, String> {
    match written {
        file::ClientHeaders::Switch(false) => Ok(ClientHeaders::Off),
        file::ClientHeaders::Switch(true) => {
            Err("true does not say which: write x-ssl-client or client-cert".into())
        }
        file::ClientHeaders::Form(ClientHeadersForm::XSslClient) => Ok(ClientHeaders::XSslClient),
        file::ClientHeaders::Form(ClientHeadersForm::ClientCert) => Ok(ClientHeaders::ClientCert),
    }
}

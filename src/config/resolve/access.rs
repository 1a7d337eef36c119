//! `access`: the access rule of a site or path.

use std::path::PathBuf;

use super::{Resolved, Resolver};
use crate::config::{
    file::{self, ClientHeadersForm, SiteAccess},
    model::{Access, ClientCaSource, ClientCertificate, ClientHeaders, PathAccess, Satisfy},
    tree::Location,
};

impl Resolver<'_> {
    /// Resolves the rule of a site. It is required, since a site without one would be open; a site
    /// that redirects has none.
    pub(super) fn site_access(
        &mut self,
        location: &Location<'_>,
        written: &file::Site,
    ) -> Resolved<Access> {
        match &written.access {
            _ if written.redirect.is_some() => Ok(Access::default()),
            Some(SiteAccess::Factors(factors)) => self.access(&location.key("access"), factors),
            Some(SiteAccess::Word(_)) => Ok(Access::default()),
            None => self.missing(location, NO_ACCESS),
        }
    }

    /// Resolves the rule of a path.
    pub(super) fn path_access(
        &mut self,
        location: &Location<'_>,
        written: Option<&SiteAccess>,
    ) -> Resolved<PathAccess> {
        match written {
            Some(SiteAccess::Factors(factors)) => self.additional_access(location, factors),
            Some(SiteAccess::Word(_)) => Ok(PathAccess::Public),
            None => Ok(PathAccess::Inherit),
        }
    }

    fn additional_access(
        &mut self,
        location: &Location<'_>,
        written: &file::Access,
    ) -> Resolved<PathAccess> {
        let access = match written.has_only_origins() {
            true => Ok(PathAccess::Inherit),
            false => self.access(location, written).map(PathAccess::And),
        };
        if written.session.is_some() {
            let cure = "a login is remembered for a whole site: write this in the site's `access`";
            return self.fault(&location.key("session"), cure);
        }
        access
    }

    fn access(&mut self, location: &Location<'_>, written: &file::Access) -> Resolved<Access> {
        let key = location.key("networks");
        let networks = self.optional(&key, written.networks.as_deref(), Self::access_networks);
        let key = location.key("password");
        let password = self.optional(&key, written.password.as_deref(), Self::password);
        let key = location.key("client_certificate");
        let certificate = written.client_certificate.as_ref();
        let certificate = self.optional(&key, certificate, Self::client_certificate);
        let headers = ClientHeaders::parse(&written.client_headers);
        let headers = self.checked(&location.key("client_headers"), headers);
        let access = Access {
            satisfy: written.satisfy.into(),
            networks: networks?,
            password: password?,
            client_certificate: certificate?,
            client_headers: headers?,
        };
        self.consistent(location, access)
    }

    fn password(&mut self, location: &Location<'_>, written: &str) -> Resolved<PathBuf> {
        if !self.tls {
            self.warn(
                location,
                "passwords travel in the clear, since `listen.https` has no address: give it one",
            );
        }
        self.file(location, written)
    }

    fn client_certificate(
        &mut self,
        location: &Location<'_>,
        written: &file::ClientCertificate,
    ) -> Resolved<ClientCertificate> {
        if !self.tls {
            let cure = "client certificates need TLS: give `listen.https` an address";
            return self.fault(location, cure);
        }
        match written {
            file::ClientCertificate::Ca(ca) => Ok(ClientCertificate {
                ca: self.client_ca(location, ca, None)?,
                allow: Vec::new(),
                verify_depth: None,
                any_use: false,
            }),
            file::ClientCertificate::Narrowed(written) => {
                self.narrowed_certificate(location, written)
            }
        }
    }

    fn narrowed_certificate(
        &mut self,
        location: &Location<'_>,
        written: &file::ClientCa,
    ) -> Resolved<ClientCertificate> {
        let crl = self.optional(&location.key("crl"), written.crl.as_deref(), Self::file);
        let ca = crl.and_then(|crl| self.client_ca(&location.key("ca"), &written.ca, crl));
        if ca == Ok(ClientCaSource::Own) {
            self.refuse_own_ca_options(location, written)?;
        }
        let allow = written.allow.as_deref();
        let allow = self.optional(&location.key("allow"), allow, Self::common_names);
        Ok(ClientCertificate {
            ca: ca?,
            allow: allow?.unwrap_or_default(),
            verify_depth: written.verify_depth,
            any_use: written.any_use,
        })
    }

    fn refuse_own_ca_options(
        &mut self,
        location: &Location<'_>,
        written: &file::ClientCa,
    ) -> Resolved<()> {
        if written.crl.is_some() {
            let cure = "hubgate stores the revocations of its own CA itself (`hubgate client revoke`): remove `crl`";
            return self.fault(&location.key("crl"), cure);
        }
        if written.any_use {
            let cure = "every certificate of hubgate's own CA has its usage: remove `any_use`";
            return self.fault(&location.key("any_use"), cure);
        }
        Ok(())
    }

    fn common_names(
        &mut self,
        location: &Location<'_>,
        written: &[String],
    ) -> Resolved<Vec<String>> {
        if written.is_empty() {
            let cure = "no certificate is accepted: write a common name, or remove `allow` to accept \
                        all that the CA signed";
            return self.missing(location, cure);
        }
        self.each(location, written, |name| match name {
            "" => Err("an empty name: write a certificate's common name".into()),
            name => Ok(name.to_owned()),
        })
    }

    /// Resolves the CA. The word `own` is hubgate's own; a file of that name is written `./own`.
    fn client_ca(
        &mut self,
        location: &Location<'_>,
        written: &str,
        crl: Option<PathBuf>,
    ) -> Resolved<ClientCaSource> {
        if written == "own" {
            return Ok(ClientCaSource::Own);
        }
        if written.eq_ignore_ascii_case("own") {
            return self.fault(
                location,
                format!("\"{written}\" would be a file: write own"),
            );
        }
        let ca = self.file(location, written)?;
        Ok(ClientCaSource::Files { ca, crl })
    }

    /// Refuses a rule that no request satisfies, and headers for certificates that are not
    /// accepted.
    fn consistent(&mut self, location: &Location<'_>, access: Access) -> Resolved<Access> {
        if access.admits_everyone() {
            let cure = "admits no request: name networks, password or client_certificate, or write `public`";
            return self.missing(location, cure);
        }
        let has_headers = access.client_headers != ClientHeaders::Off;
        if has_headers && access.client_certificate.is_none() && !location.node.pruned {
            let cure =
                "no client certificate to send: add `client_certificate` here, or remove this";
            return self.fault(&location.key("client_headers"), cure);
        }
        Ok(access)
    }
}

const NO_ACCESS: &str = "no `access`: write `access: public` for everyone, or name networks, \
                         password or client_certificate in it";

impl file::Access {
    /// True if the block lists origins and no factor.
    fn has_only_origins(&self) -> bool {
        let factors = [
            self.networks.is_some(),
            self.password.is_some(),
            self.client_certificate.is_some(),
        ];
        let has_headers = !matches!(self.client_headers, file::ClientHeaders::Switch(false));
        self.origins.is_some() && !has_headers && factors == [false; 3]
    }
}

impl From<file::Satisfy> for Satisfy {
    fn from(written: file::Satisfy) -> Self {
        match written {
            file::Satisfy::Any => Self::Any,
            file::Satisfy::All => Self::All,
        }
    }
}

impl ClientHeaders {
    fn parse(written: &file::ClientHeaders) -> Result<Self, String> {
        match written {
            file::ClientHeaders::Switch(false) => Ok(Self::Off),
            file::ClientHeaders::Switch(true) => {
                Err("true names no header: write x-ssl-client or client-cert".into())
            }
            file::ClientHeaders::Form(ClientHeadersForm::XSslClient) => Ok(Self::XSslClient),
            file::ClientHeaders::Form(ClientHeadersForm::ClientCert) => Ok(Self::ClientCert),
        }
    }
}

//! `ssl_certificate`: its files, or a certificate of certbot that hubgate renews from now on.

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::{
    config,
    nginx::{model::inheritance::Inheritance, read::files::Files, report::Report},
};

/// The source of a site's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    SelfSigned,
    Acme,
    Files { chain: String, key: String },
}

const RENEWED: &str = "`chain` of `certificate`: this file, as hubgate takes over only lineages of certbot that have the name and \
    all names of the site. certbot can still renew it by DNS; by NGINX, by port 80 or \
    within a container that is stopped it cannot: then write `certificate: acme`";
/// The folder of certbot's current certificates.
const CERTBOT: &str = "/etc/letsencrypt/live/";

/// The files of a certificate and its key.
struct CertificateFiles<'f> {
    files: &'f dyn Files,
    chain: &'f str,
    key: &'f str,
}

impl Certificate {
    /// Imports the certificate of a server for these hosts.
    pub(crate) fn import(
        files: &dyn Files,
        levels: &Inheritance<'_>,
        hosts: &[String],
        report: &mut Report,
    ) -> Self {
        let chains = levels.inherited_all(&["ssl_certificate"]);
        let keys = levels.inherited_all(&["ssl_certificate_key"]);
        let (Some(chain), Some(key)) = (chains.first(), keys.first()) else {
            return Self::SelfSigned;
        };
        for other in chains[1..].iter().chain(&keys[1..]) {
            report.dropped(other, "hubgate has one certificate for a site: the first");
        }
        let is_file = |word: &str| !word.is_empty() && !word.contains(':');
        if [chain, key]
            .iter()
            .any(|file| file.has_variable() || !is_file(file.parameter()))
        {
            report.changed(chain, "no file that hubgate can read: it makes a certificate of its own, until you name one");
            report.changed(key, "belongs to ssl_certificate");
            return Self::SelfSigned;
        }
        let pair = CertificateFiles {
            files,
            chain: chain.parameter(),
            key: key.parameter(),
        };
        if pair.is_taken_over(hosts) {
            report.changed(
                chain,
                "hubgate takes over certbot's certificate and renews it (`certificate: acme`): \
                 then stop certbot with `systemctl disable --now certbot.timer`",
            );
            report.changed(key, "belongs to ssl_certificate");
            return Self::Acme;
        }
        match pair.is_renewed_elsewhere() {
            true => report.changed(chain, RENEWED),
            false => report.kept(chain, "`chain` of `certificate`"),
        }
        report.kept(key, "`key` of `certificate`");
        Self::Files {
            chain: pair.chain.to_owned(),
            key: pair.key.to_owned(),
        }
    }
}

impl CertificateFiles<'_> {
    /// Reports whether certbot or Nginx Proxy Manager made the certificate.
    fn is_renewed_elsewhere(&self) -> bool {
        self.chain.starts_with(CERTBOT) || self.chain.contains("/live/npm-")
    }

    /// Reports whether `certificate: acme` finds these files: a lineage of certbot with the name of
    /// one of the hosts, and with all hosts in the certificate.
    fn is_taken_over(&self, hosts: &[String]) -> bool {
        let lineage = |path: &str, file: &str| {
            let inside = path.strip_prefix(CERTBOT)?;
            Some(inside.strip_suffix(file)?.to_owned())
        };
        let of_chain = lineage(self.chain, "/fullchain.pem");
        let of_key = lineage(self.key, "/privkey.pem");
        let is_named = of_chain.is_some_and(|name| hosts.contains(&name) && Some(name) == of_key);
        let has_all = |names: Vec<String>| hosts.iter().all(|host| names.contains(host));
        is_named
            && hosts.iter().all(|host| config::is_certifiable(host))
            && self.names().is_none_or(has_all)
    }

    /// Returns the names in the first certificate of the chain; none if it cannot be read.
    fn names(&self) -> Option<Vec<String>> {
        let text = self.files.read(self.chain.as_ref()).ok()?;
        let first = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
        let (_, certificate) = X509Certificate::from_der(&first).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let names = names.value.general_names.iter();
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        Some(names.collect())
    }
}

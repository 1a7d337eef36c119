//! The takeover of a certificate from certbot, until hubgate renews it.

use std::path::Path;

use time::OffsetDateTime;
use tracing::{debug, info};

use super::{
    private_key::PrivateKey,
    stored_certificate::{Meta, StoredCertificate},
};
use crate::{config::model::Host, regular_file};

/// The search for a certificate of certbot that names all hosts of a site.
pub(crate) struct Lineages<'a> {
    /// A folder with a lineage for each name, such as `/etc/letsencrypt/live`.
    pub(crate) folder: &'a Path,
    pub(crate) hosts: &'a [Host],
    pub(crate) now: OffsetDateTime,
}

impl Lineages<'_> {
    /// Returns the first certificate that can be served now. Lineages that cannot be read or do not
    /// fit are skipped.
    pub(crate) fn find(&self) -> Option<StoredCertificate> {
        self.hosts.iter().find_map(|host| self.read(host))
    }

    fn read(&self, host: &Host) -> Option<StoredCertificate> {
        // Certbot names a lineage after the first name, without `*.` for a wildcard.
        let lineage = self.folder.join(match host {
            Host::Name(name) | Host::Wildcard(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        });
        let text = |name| regular_file::read_to_string(&lineage.join(name)).ok();
        let certificate = StoredCertificate {
            meta: Meta {
                identifiers: self.hosts.to_vec(),
                directory: String::new(),
                account: None,
                issued_at: self.now,
                renewal_id: None,
            },
            key: PrivateKey::new(text("privkey.pem")?),
            chain_pem: text("fullchain.pem")?,
        };
        match certificate.check(self.hosts, self.now) {
            Ok(()) => {
                info!("{}: taken over from certbot", lineage.display());
                Some(certificate)
            }
            Err(problem) => {
                debug!("{}: not taken over: {problem}", lineage.display());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use std::fs;

    use super::*;
    use crate::tls::testing::Folder;

    fn host(name: &str) -> Host {
        Host::Name(name.into())
    }

    fn certbot(folder: &Folder, names: &[&str], key: Option<&KeyPair>) {
        let own = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let lineage = names[0].clone();
        let certificate = CertificateParams::new(names).unwrap().self_signed(&own);
        let key = key.unwrap_or(&own).serialize_pem();
        fs::create_dir_all(folder.path(&lineage)).unwrap();
        folder.write(
            &format!("{lineage}/fullchain.pem"),
            certificate.unwrap().pem(),
        );
        folder.write(&format!("{lineage}/privkey.pem"), &key);
    }

    fn find(folder: &Folder, hosts: &[Host]) -> Option<StoredCertificate> {
        let lineages = Lineages {
            folder: &folder.path(""),
            hosts,
            now: OffsetDateTime::now_utc(),
        };
        lineages.find()
    }

    #[test]
    fn a_lineage_named_after_any_host_is_taken_over() {
        let folder = Folder::new();
        certbot(&folder, &["b.test", "a.test"], None);
        let hosts = [host("a.test"), host("b.test")];
        let certificate = find(&folder, &hosts).unwrap();
        assert_eq!(certificate.meta.identifiers, hosts);
    }

    #[test]
    fn a_lineage_that_does_not_fit_is_skipped() {
        let folder = Folder::new();
        certbot(&folder, &["a.test"], None);
        certbot(&folder, &["b.test"], Some(&KeyPair::generate().unwrap()));
        let more = [host("a.test"), host("c.test")];
        assert!(find(&folder, &more).is_none(), "a further name");
        assert!(find(&folder, &[host("b.test")]).is_none(), "another key");
        assert!(find(&folder, &[host("c.test")]).is_none(), "no lineage");
    }
}

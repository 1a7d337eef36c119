//! Certbot's certificates: one that fits is the first of a set, until its renewal.

use std::path::Path;

use time::OffsetDateTime;
use tracing::{debug, info};

use super::{
    private_key::PrivateKey,
    set::{CertificateSet, Meta},
};
use crate::{config::model::Host, regular_file};

/// The certificate that certbot got for the hosts, when it has one that can be served now.
///
/// `folder` holds a lineage for each name, as `/etc/letsencrypt/live` does. What cannot be read
/// or does not fit is left alone.
pub(super) fn find(folder: &Path, hosts: &[Host], now: OffsetDateTime) -> Option<CertificateSet> {
    hosts
        .iter()
        .find_map(|host| read(&folder.join(lineage(host)), hosts, now))
}

/// Certbot names a lineage after the first name; of a wildcard, after its parent.
fn lineage(host: &Host) -> String {
    match host {
        Host::Name(name) | Host::Wildcard(name) => name.clone(),
        Host::Address(address) => address.to_string(),
    }
}

fn read(lineage: &Path, hosts: &[Host], now: OffsetDateTime) -> Option<CertificateSet> {
    let text = |name| regular_file::read_to_string(&lineage.join(name)).ok();
    let set = CertificateSet {
        meta: Meta {
            identifiers: hosts.to_vec(),
            directory: String::new(),
            account: None,
            issued_at: now,
            renewal_id: None,
        },
        key: PrivateKey::new(text("privkey.pem")?),
        chain_pem: text("fullchain.pem")?,
    };
    match set.check(hosts, now) {
        Ok(()) => {
            info!("{}: taken over from certbot", lineage.display());
            Some(set)
        }
        Err(problem) => {
            debug!("{}: not taken over: {problem}", lineage.display());
            None
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

    #[test]
    fn a_lineage_that_fits_is_taken_whichever_host_it_is_named_after() {
        let folder = Folder::new();
        certbot(&folder, &["b.test", "a.test"], None);
        let hosts = [host("a.test"), host("b.test")];
        let set = find(&folder.path(""), &hosts, OffsetDateTime::now_utc()).unwrap();
        assert_eq!(set.meta.identifiers, hosts);
    }

    #[test]
    fn a_lineage_that_does_not_fit_is_left_alone() {
        let folder = Folder::new();
        certbot(&folder, &["a.test"], None);
        certbot(&folder, &["b.test"], Some(&KeyPair::generate().unwrap()));
        let now = OffsetDateTime::now_utc();
        let find = |hosts: &[Host]| find(&folder.path(""), hosts, now);
        assert!(
            find(&[host("a.test"), host("c.test")]).is_none(),
            "a name more"
        );
        assert!(find(&[host("b.test")]).is_none(), "another's key");
        assert!(find(&[host("c.test")]).is_none(), "none there");
    }
}

//! `ssl_certificate`: the files as they are, or certbot's work taken over.

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use super::{files::Files, levels::Levels, report::Report};
use crate::config;

/// Where a site's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    SelfSigned,
    Acme,
    Files { chain: String, key: String },
}

const RENEWED: &str = "`chain` of `certificate`: this very file, as hubgate takes over only what certbot calls after a name of the \
    site and what has all its names. certbot goes on to renew it where it proves the names by DNS; by NGINX, by port 80 or \
    within a container that is stopped it cannot any more: then write `certificate: acme`";
/// Where certbot keeps what is used now.
const CERTBOT: &str = "/etc/letsencrypt/live/";

/// The certificate of a server for these hosts.
pub(super) fn of(
    files: &dyn Files,
    levels: &Levels<'_>,
    hosts: &[String],
    report: &mut Report,
) -> Certificate {
    let chains = levels.nearest(&["ssl_certificate"]);
    let keys = levels.nearest(&["ssl_certificate_key"]);
    let (Some(chain), Some(key)) = (chains.first(), keys.first()) else {
        return Certificate::SelfSigned;
    };
    for other in chains
        .iter()
        .chain(&keys)
        .filter(|it| it.id != chain.id && it.id != key.id)
    {
        report.dropped(other, "hubgate has one certificate for a site: the first");
    }
    let is_file = |word: &str| !word.is_empty() && !word.contains(':');
    if [chain, key]
        .iter()
        .any(|it| it.has_variable() || !is_file(it.word()))
    {
        report.changed(chain, "no file that hubgate could read: it makes a certificate of its own, until you name one");
        report.changed(key, "goes with ssl_certificate");
        return Certificate::SelfSigned;
    }
    let certbots = chain.word().starts_with(CERTBOT);
    if is_taken_over(files, chain.word(), key.word(), hosts) {
        report.changed(
            chain,
            "hubgate takes certbot's certificate over and renews it itself (`certificate: acme`): \
                               then stop certbot with `systemctl disable --now certbot.timer`",
        );
        report.changed(key, "goes with ssl_certificate");
        return Certificate::Acme;
    }
    match certbots || chain.word().contains("/live/npm-") {
        true => report.changed(chain, RENEWED),
        false => report.kept(chain, "`chain` of `certificate`"),
    }
    report.kept(key, "`key` of `certificate`");
    Certificate::Files {
        chain: chain.word().to_owned(),
        key: key.word().to_owned(),
    }
}

/// Whether `certificate: acme` finds these very files: certbot's, called after one of the hosts, with
/// all of them in the certificate.
fn is_taken_over(files: &dyn Files, chain: &str, key: &str, hosts: &[String]) -> bool {
    let lineage = |path: &str, file: &str| {
        let inside = path.strip_prefix(CERTBOT)?;
        Some(inside.strip_suffix(file)?.to_owned())
    };
    let (of_chain, of_key) = (
        lineage(chain, "/fullchain.pem"),
        lineage(key, "/privkey.pem"),
    );
    let named = of_chain.is_some_and(|it| hosts.contains(&it) && Some(it) == of_key);
    let has_all = |names: Vec<String>| hosts.iter().all(|host| names.contains(host));
    named
        && hosts.iter().all(|host| config::is_certifiable(host))
        && names(files, chain).is_none_or(has_all)
}

/// The names in the first certificate of a file, if it can be read.
fn names(files: &dyn Files, chain: &str) -> Option<Vec<String>> {
    let text = files.read(chain.as_ref()).ok()?;
    let first = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&first).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let names = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
    Some(names.collect())
}

//! `ssl_certificate`: the files as they are, or certbot's work taken over.

use super::{levels::Levels, report::Report};
use crate::config;

/// Where a site's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    SelfSigned,
    Acme,
    Files { chain: String, key: String },
}

/// Where certbot keeps what is used now.
const CERTBOT: &str = "/etc/letsencrypt/live/";

/// The certificate of a server for these hosts.
pub(super) fn of(levels: &Levels<'_>, hosts: &[String], report: &mut Report) -> Certificate {
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
    if certbots && hosts.iter().all(|host| config::is_certifiable(host)) {
        report.changed(
            chain,
            "hubgate takes certbot's certificate over and renews it itself (`certificate: acme`): \
                               then stop certbot with `systemctl disable --now certbot.timer`",
        );
        report.changed(key, "goes with ssl_certificate");
        return Certificate::Acme;
    }
    match certbots {
        true => report.kept(chain, "the file of certbot, which still renews it: a host here is none that hubgate could have certified by itself"),
        false => report.kept(chain, "`chain` of `certificate`"),
    }
    report.kept(key, "`key` of `certificate`");
    Certificate::Files {
        chain: chain.word().to_owned(),
        key: key.word().to_owned(),
    }
}

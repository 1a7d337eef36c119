//! The files that the configuration names, loaded as `run` loads them and dropped.

use super::{dry_run, startup::CannotStart};
use crate::{
    acme,
    config::model::Config,
    events::site_counters::SiteTable,
    private_file::{OwnerRights, user_name},
    sites::Sites,
    tls::AcmeCertificates,
};

/// Returns the faults of files that are used nevertheless; root reads with the rights of the owner
/// of `state`, the user of the service.
///
/// # Errors
/// Lists all files that cannot be used, and the user that read them.
pub(crate) fn warnings(config: &Config) -> anyhow::Result<Vec<String>> {
    let rights = OwnerRights::assume(&config.state)?;
    let read = dry_run::dry_run(config, |config| {
        Ok(Sites::build(config, &AcmeCertificates::default(), &SiteTable::default())?.warnings())
    });
    let mut warnings = read.map_err(|fault| with_user(fault, &rights))?;
    warnings.extend(acme::faults(config));
    let located = warnings
        .into_iter()
        .map(|text| config.named.headline(&text).unwrap_or(text));
    Ok(located.collect())
}

/// Adds the user that was denied access, where it is not the user of the process.
fn with_user(fault: anyhow::Error, rights: &OwnerRights) -> anyhow::Error {
    let text = format!("{fault:#}");
    let Some(user) = rights.user().filter(|_| text.contains("ermission denied")) else {
        return fault;
    };
    let user = user_name(user);
    CannotStart(format!(
        "{text}\nread as user {user}, who owns `state` and runs hubgate; to let that user read a file: \
         chgrp {user} FILE && chmod g+r FILE, and chmod g+x on its folders"
    ))
    .into()
}

//! What the files say that the configuration names: read as `run` reads them, and let go.

use super::{elsewhere, startup::CannotStart};
use crate::{
    acme,
    config::model::Config,
    secret_file::{OwnerRights, user_name},
    sites::Sites,
    tls::Issued,
};

/// What is wrong with files that would be used all the same, as the user that hubgate runs as reads
/// them: root reads with the rights of the owner of `state`.
///
/// # Errors
/// All files that could not be used, and whose rights were tried.
pub(crate) fn warnings(config: &Config) -> anyhow::Result<Vec<String>> {
    let rights = OwnerRights::assume(&config.state)?;
    let read = elsewhere::rehearse(config, |config| {
        Ok(Sites::build(config, &Issued::default())?.warnings())
    });
    let mut warnings = read.map_err(|fault| with_user(fault, &rights))?;
    warnings.extend(acme::faults(config));
    let located = warnings
        .into_iter()
        .map(|text| config.named.headline(&text).unwrap_or(text));
    Ok(located.collect())
}

/// Names the user whose rights did not suffice, where they were not those of the process.
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

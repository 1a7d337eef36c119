//! What the files say that the configuration names: read as `run` reads them, and let go.

use std::{env, fs, process};

use crate::{
    acme, clients,
    config::model::Config,
    proxy::sites::Sites,
    tls::{self, Issued},
};

/// What is wrong with files that would be used all the same.
///
/// # Errors
/// All files that could not be used.
pub(crate) fn warnings(config: &Config) -> anyhow::Result<Vec<String>> {
    tls::install_provider();
    // A check must leave nothing behind, least of all files of another owner.
    let state = env::temp_dir().join(format!("hubgate-check-{}", process::id()));
    let elsewhere = Config {
        state: state.clone(),
        ..config.clone()
    };
    if config.has_own_clients() {
        clients::Folder::of(&config.state).rehearse(&clients::Folder::of(&state))?;
    }
    let sites = Sites::build(elsewhere, &Issued::default());
    fs::remove_dir_all(state).ok();
    let mut warnings = sites?.warnings();
    warnings.extend(acme::faults(config));
    Ok(warnings)
}

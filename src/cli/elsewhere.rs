//! A look at what the configuration names, read as `run` reads it, that leaves nothing behind.

use std::{env, fs, process};

use crate::{clients, config::model::Config, tls};

/// Has `look` take the configuration with a state folder that goes away again.
///
/// # Errors
/// When the client CA cannot be read, and those of `look`.
pub(super) fn rehearse<T>(
    config: &Config,
    look: impl FnOnce(Config) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    tls::install_provider();
    // A look must leave nothing behind, least of all files of another owner.
    let state = env::temp_dir().join(format!("hubgate-check-{}", process::id()));
    let elsewhere = Config {
        state: state.clone(),
        ..config.clone()
    };
    let prepared = match config.has_own_clients() {
        true => clients::Folder::of(&config.state).rehearse(&clients::Folder::of(&state)),
        false => Ok(()),
    };
    let seen = prepared.and_then(|()| look(elsewhere));
    fs::remove_dir_all(state).ok();
    seen
}

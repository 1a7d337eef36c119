//! What the files say that the configuration names: read as `run` reads them, and let go.

use super::elsewhere;
use crate::{acme, config::model::Config, proxy::sites::Sites, tls::Issued};

/// What is wrong with files that would be used all the same.
///
/// # Errors
/// All files that could not be used.
pub(crate) fn warnings(config: &Config) -> anyhow::Result<Vec<String>> {
    let mut warnings = elsewhere::rehearse(config, |config| {
        Ok(Sites::build(config, &Issued::default())?.warnings())
    })?;
    warnings.extend(acme::faults(config));
    Ok(warnings)
}

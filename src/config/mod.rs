//! `proxy.yaml`: what was written, and what is true. Names no other module.
//!
//! The text becomes a tree with positions (`yaml`), the tree is checked against
//! the schema (`shape`), its sound part read into what was written (`file`),
//! and that made into what is true (`resolve` → [`model`]). All that is wrong
//! on the way is told at once ([`Faults`]).

mod characters;
mod cure;
mod faults;
mod file;
pub mod model;
mod resolve;
mod schema;
mod shape;
mod source;
mod spelling;
mod tree;
mod yaml;

use std::path::{Path, PathBuf};

pub use self::{
    characters::{is_obeyed, must_be_visible},
    faults::Faults,
    resolve::{
        LAN, check_email, check_host, check_server, clash, is_certifiable, is_edited_header,
        is_edited_value, is_origin, is_redirect, is_server, is_upstream_host, is_user_header,
    },
    schema::schema,
};
use self::{faults::Fault, file::File, model::Config, resolve::Findings, tree::Place};

/// Reads `proxy.yaml`; the files it names are left to those who use them.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Config, Faults> {
    let text = source::read(path)?;
    parse(&text, path)
}

/// The `state` folder of a file that may have faults: as it is written, else the default, else that
/// of the package.
#[must_use]
pub fn state_of(path: &Path) -> PathBuf {
    let text = source::read(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("state:"));
    let written = lines.map(|value| value.split(" #").next().unwrap_or(value).trim());
    let written = written
        .map(|value| value.trim_matches(['"', '\'']))
        .find(|value| !value.is_empty());
    let folder = path.parent().unwrap_or(Path::new(""));
    let usual = folder.join(file::STATE);
    match written {
        Some(written) => folder.join(written),
        None if !usual.exists() && Path::new(PACKAGED_STATE).exists() => PACKAGED_STATE.into(),
        None => usual,
    }
}

/// The folder of the package's service.
const PACKAGED_STATE: &str = "/var/lib/hubgate";

/// Reads the text of a `proxy.yaml` that is, or would be, at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, path: &Path) -> Result<Config, Faults> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut config, findings) =
        understand(text, folder).map_err(|faults| Faults::new(path, text, faults))?;
    let warnings = findings.warnings.iter();
    config.warnings = warnings.map(|warning| warning.headline(path)).collect();
    let lines: Vec<&str> = text.lines().collect();
    for (file, place) in &findings.files {
        let named = &mut config.named;
        named.add(file, place.headline(path), place.excerpt(&lines));
    }
    Ok(config)
}

/// The meaning of the text with what was found on the way, or all that is wrong with it.
fn understand(text: &str, folder: &Path) -> Result<(Config, Findings), Vec<Fault>> {
    let lookalikes = characters::faults(text);
    if !lookalikes.is_empty() {
        return Err(lookalikes);
    }
    let root = yaml::parse(text).map_err(|fault| vec![fault])?;
    let (sound, mut faults) = shape::check(&root, &schema());
    let Some(sound) = sound else {
        return Err(faults);
    };
    let file: File = match serde_json::from_value(sound.to_value()) {
        Ok(file) => file,
        Err(error) => return Err(vec![Place::root(&root).fault(error.to_string())]),
    };
    let (config, mut findings) = resolve::resolve(&file, &sound, folder);
    faults.append(&mut findings.faults);
    match config {
        Some(config) if faults.is_empty() => Ok((config, findings)),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests;

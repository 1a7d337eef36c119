//! Reads `proxy.yaml`, and reports all its faults together ([`Faults`]).
//!
//! `yaml` parses the text into a tree with positions, `schema_check` checks the tree against the
//! schema, serde reads its valid part into the types of `file`, and `resolve` turns those into
//! [`model`]: the configuration with defaults, references and checks. Files that it names are not
//! read here.

mod characters;
mod faults;
mod file;
mod mismatch;
pub mod model;
mod resolve;
mod schema;
mod schema_check;
mod source;
mod spelling;
mod tree;
mod yaml;

use std::path::{Path, PathBuf};

pub use self::{
    characters::{is_invisible_or_control, must_be_visible},
    faults::Faults,
    resolve::{
        LAN, check_email, check_host, check_server, clash, is_certifiable, is_edited_header,
        is_edited_value, is_of_connection, is_origin, is_redirect, is_server, is_upstream_host,
        is_user_header,
    },
    schema::schema,
};
use self::{faults::Fault, file::File, model::Config, resolve::Findings, tree::Location};

/// Loads `proxy.yaml`.
///
/// # Errors
/// All faults of the file.
pub fn load(path: &Path) -> Result<Config, Faults> {
    let text = source::read(path)?;
    parse(&text, path)
}

/// Returns the `state` folder of a file that may have faults: the value of the key, else the
/// default if that folder exists, else the package's folder if it exists, else the default.
#[must_use]
pub fn state_folder(path: &Path) -> PathBuf {
    let text = source::read(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("state:"));
    let written = lines.map(|value| value.split(" #").next().unwrap_or(value).trim());
    let written = written
        .map(|value| value.trim_matches(['"', '\'']))
        .find(|value| !value.is_empty());
    let folder = path.parent().unwrap_or(Path::new(""));
    let default = folder.join(file::STATE);
    match written {
        Some(written) => folder.join(written),
        None if !default.exists() && Path::new(PACKAGED_STATE).exists() => PACKAGED_STATE.into(),
        None => default,
    }
}

/// The `state` folder of the package.
const PACKAGED_STATE: &str = "/var/lib/hubgate";

/// Parses the text of a `proxy.yaml` that is, or would be, at `path`.
///
/// # Errors
/// All faults of the text.
pub fn parse(text: &str, path: &Path) -> Result<Config, Faults> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut config, findings) =
        interpret(text, folder).map_err(|faults| Faults::new(path, text, faults))?;
    let warnings = findings.warnings.iter();
    config.warnings = warnings.map(|warning| warning.headline(path)).collect();
    let lines: Vec<&str> = text.lines().collect();
    for (file, location) in &findings.files {
        let (prefix, excerpt) = (location.headline(path), location.excerpt(&lines));
        config.named.add(file, prefix, excerpt);
    }
    Ok(config)
}

/// Returns the configuration of the text with warnings and named files, or all its faults.
fn interpret(text: &str, folder: &Path) -> Result<(Config, Findings), Vec<Fault>> {
    let lookalikes = characters::faults(text);
    if !lookalikes.is_empty() {
        return Err(lookalikes);
    }
    let root = yaml::parse(text).map_err(|fault| vec![fault])?;
    let (valid, mut faults) = schema_check::check(&root, &schema());
    let Some(valid) = valid else {
        return Err(faults);
    };
    let file: File = match serde_json::from_value(valid.to_value()) {
        Ok(file) => file,
        Err(error) => return Err(vec![Location::root(&root).fault(error.to_string())]),
    };
    let (config, mut findings) = resolve::resolve(&file, &valid, folder);
    faults.append(&mut findings.faults);
    match config {
        Some(config) if faults.is_empty() => Ok((config, findings)),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests;

//! `proxy.yaml`: what was written, and what is true. Names no other module.
//!
//! The text becomes a tree with positions (`yaml`), the tree is checked against
//! the schema (`shape`), its sound part read into what was written (`file`),
//! and that made into what is true (`resolve` → [`model`]). All that is wrong
//! on the way is told at once ([`Faults`]).

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

use std::path::Path;

use self::{faults::Fault, file::File, model::Config, tree::Place};
pub use self::{
    faults::Faults,
    resolve::{LAN, clash, is_certifiable, is_origin, is_server},
    schema::schema,
};

/// Reads `proxy.yaml`; the files it names are left to those who use them.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Config, Faults> {
    let text = source::read(path)?;
    parse(&text, path)
}

/// Reads the text of a `proxy.yaml` that is, or would be, at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, path: &Path) -> Result<Config, Faults> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut config, warnings) =
        understand(text, folder).map_err(|faults| Faults::new(path, text, faults))?;
    let warnings = warnings.iter().map(|warning| warning.headline(path));
    config.warnings = warnings.collect();
    Ok(config)
}

/// What the text means and what to warn of, or all that is wrong with it.
fn understand(text: &str, folder: &Path) -> Result<(Config, Vec<Fault>), Vec<Fault>> {
    let root = yaml::parse(text).map_err(|fault| vec![fault])?;
    let (sound, mut faults) = shape::check(&root, &schema());
    let Some(sound) = sound else {
        return Err(faults);
    };
    let file: File = match serde_json::from_value(sound.to_value()) {
        Ok(file) => file,
        Err(error) => return Err(vec![Place::root(&root).fault(error.to_string())]),
    };
    let (config, findings) = resolve::resolve(&file, &sound, folder);
    faults.extend(findings.faults);
    match config {
        Some(config) if faults.is_empty() => Ok((config, findings.warnings)),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests;

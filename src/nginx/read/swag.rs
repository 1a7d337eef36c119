//! SWAG's files outside of its container, where another folder is mounted as `/config`.

use std::path::{Path, PathBuf};

use super::files::Files;

/// The files of a machine, with the folder for `/config`.
pub(crate) struct Swag<'f> {
    files: &'f dyn Files,
    config: Option<PathBuf>,
}

impl<'f> Swag<'f> {
    /// Finds the folder of SWAG around the first path; without one, paths stay as they are.
    pub(crate) fn new(files: &'f dyn Files, paths: &[PathBuf]) -> Self {
        let config = paths.first().and_then(|path| config_folder(path));
        let is_swag = |folder: &PathBuf| {
            files
                .names(&folder.join("nginx"))
                .iter()
                .any(|name| name == "proxy.conf")
        };
        Self {
            files,
            config: config.filter(is_swag),
        }
    }
}

/// Returns the folder around `nginx`: `/swag` for `/swag/nginx/proxy-confs/app.subdomain.conf`.
fn config_folder(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let nginx = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name == "nginx"))?;
    Some(nginx.parent()?.to_owned())
}

impl Files for Swag<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.files.read(&self.resolve(path))
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        self.files.names(&self.resolve(folder))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        let within = path.strip_prefix("/config").ok().zip(self.config.as_ref());
        within.map_or_else(|| path.to_owned(), |(rest, config)| config.join(rest))
    }
}

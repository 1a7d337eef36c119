//! SWAG's files as a machine has them: `/config` of its container is a folder of any name there.

use std::path::{Path, PathBuf};

use super::files::Files;

/// Files, with the folder that stands for `/config`.
pub(super) struct Swag<'f> {
    files: &'f dyn Files,
    config: Option<PathBuf>,
}

impl<'f> Swag<'f> {
    /// The folder that the files are in, if it has SWAG's form: `nginx/proxy-confs` or `nginx/site-confs`.
    pub(super) fn of(files: &'f dyn Files, paths: &[PathBuf]) -> Self {
        let config = paths.first().and_then(|path| config(path));
        let is_it = |folder: &PathBuf| {
            files
                .names(&folder.join("nginx"))
                .iter()
                .any(|name| name == "proxy.conf")
        };
        Self {
            files,
            config: config.filter(is_it),
        }
    }
}

/// `/swag` of `/swag/nginx/proxy-confs/app.subdomain.conf` and of `/swag/nginx/nginx.conf`.
fn config(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let nginx = path
        .ancestors()
        .skip(1)
        .find(|it| it.file_name().is_some_and(|name| name == "nginx"))?;
    Some(nginx.parent()?.to_owned())
}

impl Files for Swag<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.files.read(&self.place(path))
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        self.files.names(&self.place(folder))
    }

    fn place(&self, path: &Path) -> PathBuf {
        let within = path.strip_prefix("/config").ok().zip(self.config.as_ref());
        within.map_or_else(|| path.to_owned(), |(rest, config)| config.join(rest))
    }
}

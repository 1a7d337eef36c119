//! The data folder of Nginx Proxy Manager, outside of its container.
//!
//! Its files use the paths of the container: `/data` is the folder itself, `/etc/letsencrypt` the
//! folder beside it, and the included files of `/etc/nginx` are constants of this module.

use std::path::{Path, PathBuf};

use super::files::Files;

/// The path of `nginx.conf` in the container.
pub(crate) const CONF: &str = "/etc/nginx/nginx.conf";
const INCLUDES: &str = "/etc/nginx/conf.d/include";

/// Included files of the container; the others do not decide which requests reach an upstream.
const TEXTS: [(&str, &str); 4] = [
    (
        "proxy.conf",
        "add_header X-Served-By $host;\nproxy_set_header Host $host;\n\
        proxy_set_header X-Forwarded-Scheme $x_forwarded_scheme;\nproxy_set_header X-Forwarded-Proto $x_forwarded_proto;\n\
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\nproxy_set_header X-Real-IP $remote_addr;\n\
        proxy_pass $forward_scheme://$server:$port$request_uri;\n",
    ),
    (
        "assets.conf",
        "location ~* ^.*\\.(css|js|jpe?g|gif|png|webp|woff|woff2|eot|ttf|svg|ico|css\\.map|js\\.map)$ {\n\
        proxy_cache public-cache;\ninclude conf.d/include/proxy.conf;\n}\n",
    ),
    (
        "letsencrypt-acme-challenge.conf",
        "location ^~ /.well-known/acme-challenge/ {\nauth_basic off;\nallow all;\n\
        root /data/letsencrypt-acme-challenge;\n}\nlocation = /.well-known/acme-challenge/ {\nreturn 404;\n}\n",
    ),
    (
        "force-ssl.conf",
        "if ($scheme = http) {\nreturn 301 https://$host$request_uri;\n}\n",
    ),
];

/// The data folder with the files around it in the container.
pub(crate) struct ProxyManager<'f> {
    files: &'f dyn Files,
    data: PathBuf,
    letsencrypt: PathBuf,
}

impl<'f> ProxyManager<'f> {
    /// Opens the data folder at this path, if it is one.
    pub(crate) fn open(files: &'f dyn Files, path: &Path) -> Option<Self> {
        let has = |folder: &str| {
            files
                .names(&path.join(folder))
                .iter()
                .any(|name| name.ends_with(".conf"))
        };
        if !has("nginx/proxy_host") {
            return None;
        }
        // Paths within it are written to proxy.yaml, which may be elsewhere.
        let path = std::path::absolute(path).ok()?;
        let beside = path.parent().unwrap_or(Path::new("")).join("letsencrypt");
        let letsencrypt = match files.names(&beside).is_empty() {
            true => PathBuf::from("/etc/letsencrypt"),
            false => beside,
        };
        Some(Self {
            files,
            data: path,
            letsencrypt,
        })
    }
}

impl Files for ProxyManager<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path == Path::new(CONF) {
            return Ok(include_str!("proxy_manager/nginx.conf").to_owned());
        }
        if let Ok(name) = path.strip_prefix(INCLUDES) {
            let found = TEXTS.iter().find(|(own, _)| name == Path::new(own));
            return Ok(found.map_or_else(String::new, |(_, text)| (*text).to_owned()));
        }
        self.files.read(&self.resolve(path))
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        self.files.names(&self.resolve(folder))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        let within = |begin: &str, folder: &Path| {
            path.strip_prefix(begin).ok().map(|rest| folder.join(rest))
        };
        within("/data", &self.data)
            .or_else(|| within("/etc/letsencrypt", &self.letsencrypt))
            .unwrap_or_else(|| path.to_owned())
    }
}

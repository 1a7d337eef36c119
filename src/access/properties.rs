//! What holds for whatever `proxy.yaml`, a password file or a path may be.

mod proxy_yaml;

pub use self::proxy_yaml::proxy_yaml;
pub use super::{password::properties::htpasswd, path::properties::path};

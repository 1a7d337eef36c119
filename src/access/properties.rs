//! Properties of every `proxy.yaml`, htpasswd file, passkey and path, for tests and fuzzing.

mod proxy_yaml;

pub use self::proxy_yaml::proxy_yaml;
pub use super::{
    passkey::properties::passkey, password::properties::htpasswd, path::properties::path,
};

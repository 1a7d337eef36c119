//! What holds for whatever a password file or a path may be.

pub use super::{password::properties::htpasswd, path::properties::path};

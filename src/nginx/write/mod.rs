//! Fifth stage: the text of `proxy.yaml`, and the files of its secrets.

pub(crate) mod secret_files;
pub(crate) mod yaml;

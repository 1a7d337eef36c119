//! Third stage: the clients that NGINX admits.

pub(crate) mod access_directives;
pub(crate) mod client_ca;
pub(crate) mod client_fields;
pub(crate) mod rule;

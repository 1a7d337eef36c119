//! Second stage: servers and locations with their directives, inherited ones too.

pub(crate) mod condition;
pub(crate) mod directive_table;
pub(crate) mod hosts;
pub(crate) mod inheritance;
pub(crate) mod listen;
pub(crate) mod location;
pub(crate) mod network;
pub(crate) mod server;
pub(crate) mod unsupported;
pub(crate) mod upstream;
pub(crate) mod variables;

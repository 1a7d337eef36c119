//! First stage: from files, with their includes, to directives.

pub(crate) mod directive;
pub(crate) mod files;
pub(crate) mod lexer;
pub(crate) mod machine;
pub(crate) mod parser;
pub(crate) mod proxy_manager;
pub(crate) mod swag;

//! The certificate and the settings with which a site serves TLS.

pub(crate) mod acme_certificates;
pub(crate) mod certificate_source;
pub(crate) mod certified;
pub(crate) mod persisted_self_signed;
pub(crate) mod self_signed;
pub(crate) mod served_chain;
pub(crate) mod settings;
pub(crate) mod site_tls;

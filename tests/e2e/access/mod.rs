//! Access control: one module per rule, each named after a defect of other proxies.

pub mod ambient_authority;
pub mod certificate_checks;
pub mod certificate_requests;
pub mod client_certificate_headers;
pub mod fail_closed;
pub mod http_refusals;
pub mod identity_headers;
pub mod local_pages;
pub mod long_exchanges;
pub mod long_exchanges_by_time;
pub mod networks;
pub mod one_decision;
pub mod one_name;
pub mod origins;
pub mod passwords;
pub mod path_headers;
pub mod protocols;
pub mod resumption;
pub mod revocation;
pub mod secrets;

//! The openHAB contract: expectations of the hub, its web UI and its phone apps. One module per
//! rule.

pub mod auth_header_cookie;
pub mod bodies;
pub mod certificate_files;
pub mod challenge;
pub mod client_address;
pub mod compression;
pub mod cookies;
pub mod credentials;
pub mod failed_logins;
pub mod forwarded;
pub mod kept_connections;
pub mod paths;
pub mod ports;
pub mod redirect;
pub mod request_head;
pub mod self_signed;
pub mod session;
pub mod session_certificate;
pub mod streams;
pub mod unknown_host;
pub mod websocket;

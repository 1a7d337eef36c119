//! Certificates, and the rustls configurations made of them.
//!
//! [`SiteTls`] serves a site's certificate; [`ClientCa`] judges who came. `front` picks a
//! configuration at the ClientHello, `access` asks for the verdict of each request. No sockets
//! and no HTTP in here, and nothing of the hub's own TLS, which the engine does.

mod authority;
mod client_auth;
mod client_ca;
mod day;
mod distinguished_name;
mod identity;
mod pem;
mod reason;
mod revocation;
mod roots;
#[cfg(test)]
pub(crate) mod testing;
mod trust;
mod warning;

pub use client_auth::ClientAuth;
pub use client_ca::ClientCa;
pub use identity::Identity;
pub use reason::Reason;
pub use roots::SystemRoots;
pub use warning::Warning;

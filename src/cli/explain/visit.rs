//! A visit that is explained: the URL, the client's address, and its credentials.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;

use super::target::Target;
use crate::access::basic::Basic;

/// A request that a client would send.
pub(super) struct Visit {
    pub(super) target: Target,
    /// Address of the client.
    pub(super) from: IpAddr,
    /// Device that has its certificate available.
    pub(super) device: Option<Device>,
    /// User and an assumed password.
    pub(super) basic: Option<Basic>,
}

/// A device of hubgate's registry.
pub(super) struct Device {
    pub(super) name: String,
    /// False if its certificate is expired or revoked.
    pub(super) is_valid: bool,
    /// Certificate with the same content, since hubgate does not store the device's own.
    pub(super) certificate: CertificateDer<'static>,
}

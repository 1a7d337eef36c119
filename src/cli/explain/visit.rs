//! A visit that never takes place: the address, the visitor, and the credentials at hand.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;

use super::called::Called;
use crate::access::basic::Basic;

/// Who comes, from where, and what for.
pub(super) struct Visit {
    pub(super) called: Called,
    pub(super) from: IpAddr,
    pub(super) device: Option<Device>,
    pub(super) basic: Option<Basic>,
}

/// A device that has its certificate at hand.
pub(super) struct Device {
    pub(super) name: String,
    /// Whether it is neither ended nor revoked.
    pub(super) good: bool,
    /// What is judged in the place of its own.
    pub(super) certificate: CertificateDer<'static>,
}

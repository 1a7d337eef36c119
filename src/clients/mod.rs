//! Devices with a certificate from hubgate's own CA.

pub mod page;

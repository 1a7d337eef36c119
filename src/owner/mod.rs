//! The owner's views of the door: metrics. They read events, sites, devices and certificates, and
//! change nothing.

pub mod metrics;

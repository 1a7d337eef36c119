//! hubgate from outside: the real program, real sockets, hubs that record.
//!
//! A module per subject; `harness` starts and calls hubgate, `hub` stands
//! behind it. Tests use free ports of the loopback and a folder of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why on stderr"
)]

pub mod access;
pub mod acme;
pub mod browser;
pub mod client_certificates;
pub mod commands;
pub mod demo;
pub mod doctor;
pub mod engine;
pub mod explain;
pub mod few_sockets;
pub mod forwarding;
pub mod harness;
pub mod home_and_away;
pub mod hostile;
pub mod http2_hubs;
pub mod http_clients;
pub mod hub;
pub mod hub_faults;
pub mod hub_transports;
pub mod init;
pub mod life;
pub mod metrics;
pub mod name_server;
pub mod nginx_import;
pub mod openhab;
pub mod owner_rights;
pub mod phones;
pub mod real_hub;
pub mod redirecting_sites;
pub mod regressions;
pub mod upstreams;
pub mod users;

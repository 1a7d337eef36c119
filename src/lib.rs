//! hubgate: a reverse proxy for home hubs such as openHAB.

pub mod access;
pub mod acme;
pub mod authority;
pub mod cli;
pub mod clients;
mod clock;
pub mod config;
pub mod connection;
pub mod doctor;
pub mod fields;
pub mod file_access;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod http;
#[cfg(test)]
mod layers;
pub mod look;
pub mod nginx;
pub mod pages;
mod regular_file;
mod secret_file;
pub mod server;
pub mod sites;
pub mod telemetry;
pub mod tls;
pub mod transport;
pub mod upstream;
pub mod watched;

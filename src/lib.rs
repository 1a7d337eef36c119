//! hubgate: a reverse proxy for home hubs such as openHAB.

pub mod access;
pub mod acme;
pub mod authority;
pub mod cli;
mod clock;
pub mod config;
pub mod connection;
pub mod devices;
pub mod doctor;
pub mod events;
pub mod fields;
pub mod file_access;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod html;
pub mod http;
#[cfg(test)]
mod layers;
pub mod nginx;
pub mod owner;
pub mod pages;
mod private_file;
mod recent_map;
mod regular_file;
pub mod server;
pub mod sites;
pub mod telemetry;
pub mod tls;
pub mod transport;
pub mod upstream;
pub mod watched;

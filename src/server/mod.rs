//! The life of the process: start, readiness, reload, hand-over, drain, shutdown.
//!
//! `startup` creates every shared handle, once; [`Server`] holds them and runs until a signal.

mod bind_error;
pub mod control;
mod descriptors;
mod endpoint;
mod handover;
mod history;
mod inherited;
mod listeners;
mod loading;
mod observation;
mod process;
mod refresh;
mod reload;
mod service_manager;
mod shutdown;
mod signals;
mod startup;
mod sweep;

pub use self::{bind_error::cannot_listen, process::Server, signals::RunMode, startup::run};

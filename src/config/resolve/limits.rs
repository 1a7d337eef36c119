//! `limits` and `log`: where things are cut, and what is told of them.

use tracing::Level;

use super::{Resolver, memory, quantity};
use crate::config::{
    file,
    model::{AccessLog, Limits, Log},
    tree::Place,
};

impl Resolver<'_> {
    pub(super) fn limits(&mut self, place: &Place<'_>, written: &file::Limits) -> Option<Limits> {
        let mut time = |key, text: &str| self.keep(&place.key(key), quantity::time_limit(text));
        let header_time = time("header_time", &written.header_time);
        let idle = time("idle", &written.idle);
        let stream_idle = time("stream_idle", &written.stream_idle);
        let mut count = |key, number| self.keep(&place.key(key), above_zero(number));
        let connections = count("connections", written.connections);
        let per_address = count("connections_per_address", written.connections_per_address);
        let memory = self.keep(&place.key("memory"), memory::limit(&written.memory));
        let body = self.keep(&place.key("body"), quantity::size_limit(&written.body));
        Some(Limits {
            body: body?,
            connections: connections?,
            connections_per_address: per_address?,
            header_time: header_time?,
            idle: idle?,
            memory: memory?,
            stream_idle: stream_idle?,
        })
    }
}

/// What is logged; there is nothing to get wrong.
pub(super) fn log(written: &file::Log) -> Log {
    let access = match written.access {
        file::AccessLog::Combined => AccessLog::Combined,
        file::AccessLog::VhostCombined => AccessLog::VhostCombined,
        file::AccessLog::Json => AccessLog::Json,
        file::AccessLog::Off => AccessLog::Off,
    };
    let level = match written.level {
        file::Level::Error => Level::ERROR,
        file::Level::Warn => Level::WARN,
        file::Level::Info => Level::INFO,
        file::Level::Debug => Level::DEBUG,
        file::Level::Trace => Level::TRACE,
    };
    Log { access, level }
}

fn above_zero(number: usize) -> Result<usize, String> {
    match number {
        0 => Err("0 lets nobody in: write 1 or more".into()),
        number => Ok(number),
    }
}

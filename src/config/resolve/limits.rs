//! `limits` and `log`.

use tracing::Level;

use super::{Resolved, Resolver, quantity::Quantity};
use crate::config::{
    file,
    model::{AccessLog, Limits, Log},
    tree::Location,
};

impl Resolver<'_> {
    pub(super) fn limits(
        &mut self,
        location: &Location<'_>,
        written: &file::Limits,
    ) -> Resolved<Limits> {
        let mut time =
            |key, text| self.checked(&location.key(key), Quantity(text).positive_duration());
        let header_time = time("header_time", &written.header_time);
        let idle = time("idle", &written.idle);
        let stream_idle = time("stream_idle", &written.stream_idle);
        let mut count = |key, number| self.checked(&location.key(key), above_zero(number));
        let connections = count("connections", written.connections);
        let per_address = count("connections_per_address", written.connections_per_address);
        let memory = Quantity(&written.memory).memory_limit();
        let memory = self.checked(&location.key("memory"), memory);
        let body = Quantity(&written.body).size_limit();
        let body = self.checked(&location.key("body"), body);
        Ok(Limits {
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

fn above_zero(number: usize) -> Result<usize, String> {
    match number {
        0 => Err("0 would refuse every connection: write 1 or more".into()),
        number => Ok(number),
    }
}

impl From<&file::Log> for Log {
    fn from(written: &file::Log) -> Self {
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
        Self { access, level }
    }
}

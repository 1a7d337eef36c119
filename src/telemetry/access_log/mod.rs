//! The access log: one line on stdout per request.
//!
//! A completed request passes an entry and never waits for stdout. Secrets in URLs are redacted;
//! `Authorization` and cookies are not part of an entry.

mod format;
mod redact;
#[cfg(test)]
mod tests;
mod timestamp;

use std::{
    io::{self, Write},
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use http::Version;
use serde::Serialize;

use self::{format::Line, timestamp::Timestamps};
use super::output::{FLUSH_LIMIT, Output, Stream};
use crate::config::model::AccessLog as Format;

/// The access log of the process.
pub struct AccessLog {
    format: ArcSwap<Format>,
    timestamps: Timestamps,
    output: Output,
}

/// The logged properties of a request.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Time at which the request was complete.
    pub time: SystemTime,
    /// Address of the peer, or the client's address from a trusted proxy.
    pub client: IpAddr,
    /// Name of the user who was admitted by a password.
    pub user: Option<&'a str>,
    /// Name of the client certificate that admitted the request.
    pub certificate: Option<&'a str>,
    /// Protocol of the connection.
    pub protocol: Protocol,
    /// Requested host.
    pub host: Option<&'a str>,
    /// Method of the request.
    pub method: &'a str,
    /// Path and query as received; secrets are redacted in the line.
    pub target: &'a [u8],
    /// Version of HTTP.
    pub version: Version,
    /// Status of the response.
    pub status: u16,
    /// Bytes of the response body.
    pub body_bytes_sent: u64,
    /// Time from the first byte of the request to the last of the response.
    pub duration: Duration,
    /// The hub's part of the duration; none if the request was not forwarded.
    pub upstream_time: Option<Duration>,
    /// `Referer`; secrets are redacted in the line.
    pub referer: Option<&'a [u8]>,
    /// `User-Agent`.
    pub user_agent: Option<&'a [u8]>,
}

/// Protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP without TLS.
    Http,
    /// HTTP over TLS.
    Https,
    /// A WebSocket without TLS.
    Ws,
    /// A WebSocket over TLS.
    Wss,
}

/// Most bytes of a target in a line.
const MAX_TARGET: usize = 2048;
/// Most bytes of `Referer` and of `User-Agent` in a line.
const MAX_FIELD: usize = 512;
/// Most bytes of a host in a line.
const MAX_HOST: usize = 255;
/// Most bytes of a method in a line.
const MAX_METHOD: usize = 32;

impl<'a> Entry<'a> {
    /// Truncates the texts that a client controls; over HTTP/2 it repeats a long one with one byte.
    fn truncated(&self) -> Self {
        let field = |value: &'a [u8]| &value[..value.len().min(MAX_FIELD)];
        Self {
            host: self.host.map(|host| head(host, MAX_HOST)),
            method: head(self.method, MAX_METHOD),
            target: &self.target[..self.target.len().min(MAX_TARGET)],
            referer: self.referer.map(field),
            user_agent: self.user_agent.map(field),
            ..*self
        }
    }
}

/// Truncates a text to a number of bytes at a character boundary.
fn head(text: &str, length: usize) -> &str {
    let mut end = text.len().min(length);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl AccessLog {
    /// Starts the thread that writes to stdout.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn new(format: Format) -> io::Result<Self> {
        Self::with_output(format, io::stdout())
    }

    /// Logs a request; never waits for stdout.
    pub fn log(&self, entry: &Entry<'_>) {
        let format = **self.format.load();
        let append = match format {
            Format::Combined => Line::combined,
            Format::VhostCombined => Line::vhost_combined,
            Format::Json => Line::json,
            Format::Off => return,
        };
        let mut line = Line::new();
        append(
            &mut line,
            &entry.truncated(),
            &self.timestamps.at(entry.time),
        );
        self.output.push(line.as_bytes());
    }

    /// Changes the format of later lines.
    pub fn set_format(&self, format: Format) {
        self.format.store(Arc::new(format));
    }

    /// Waits until all earlier lines are written; returns false after a second.
    pub fn flush(&self) -> bool {
        self.output.flush(FLUSH_LIMIT)
    }

    /// Returns the number of lines lost because stdout was closed or read too slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.output.lost()
    }

    fn with_output(format: Format, out: impl Write + Send + 'static) -> io::Result<Self> {
        Ok(Self {
            format: ArcSwap::from_pointee(format),
            timestamps: Timestamps::new(),
            output: Output::start(STDOUT, out)?,
        })
    }
}

/// Lines are delayed briefly, so that a busy server writes many at once.
const STDOUT: Stream = Stream {
    log: "access log",
    name: "stdout",
    delay: Duration::from_millis(50),
};

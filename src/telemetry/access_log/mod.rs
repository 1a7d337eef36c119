//! The access log: one line on stdout for each request.
//!
//! A request hands its facts over when it is done and goes on; a thread of
//! the log's own writes. Secrets are taken out before a line is made, and
//! `Authorization` and cookies are no part of an entry at all.

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

use self::timestamp::Timestamps;
use super::output::{FLUSH_LIMIT, Output, Stream};
use crate::config::model::AccessLog as Format;

/// The access log of the process.
pub struct AccessLog {
    format: ArcSwap<Format>,
    timestamps: Timestamps,
    output: Output,
}

/// What is logged of one request.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// When the request was complete.
    pub time: SystemTime,
    /// The peer, or whom a trusted proxy named.
    pub client: IpAddr,
    /// Who was let in by a password.
    pub user: Option<&'a str>,
    /// Name of the client certificate that was let in.
    pub certificate: Option<&'a str>,
    /// What was spoken.
    pub protocol: Protocol,
    /// The site asked for.
    pub host: Option<&'a str>,
    /// Method of the request.
    pub method: &'a str,
    /// Path and query, as they came; secrets in it are not written.
    pub target: &'a [u8],
    /// Version of HTTP.
    pub version: Version,
    /// Status of the answer.
    pub status: u16,
    /// Bytes of the answer's body.
    pub body_bytes_sent: u64,
    /// From the first byte of the request to the last of the answer.
    pub duration: Duration,
    /// What the hub took of it; none when it was not asked.
    pub upstream_time: Option<Duration>,
    /// `Referer`; secrets in it are not written.
    pub referer: Option<&'a [u8]>,
    /// `User-Agent`.
    pub user_agent: Option<&'a [u8]>,
}

/// What was spoken on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP in the clear.
    Http,
    /// HTTP over TLS.
    Https,
    /// A WebSocket in the clear.
    Ws,
    /// A WebSocket over TLS.
    Wss,
}

/// Bytes of most lines.
const USUAL_LINE: usize = 256;
/// Bytes of a target in a line at most.
const MOST_TARGET: usize = 2048;
/// Bytes of `Referer` and `User-Agent` in a line at most, each.
const MOST_FIELD: usize = 512;
/// Bytes of a host in a line at most, and of a method.
const MOST_HOST: usize = 255;
const MOST_METHOD: usize = 32;

impl<'a> Entry<'a> {
    /// The entry with the first bytes of what a client may make as long as it likes, and over
    /// HTTP/2 send again in a byte.
    fn shortened(&self) -> Self {
        let field = |value: &'a [u8]| &value[..value.len().min(MOST_FIELD)];
        Self {
            host: self.host.map(|host| head(host, MOST_HOST)),
            method: head(self.method, MOST_METHOD),
            target: &self.target[..self.target.len().min(MOST_TARGET)],
            referer: self.referer.map(field),
            user_agent: self.user_agent.map(field),
            ..*self
        }
    }
}

/// At most so many bytes of a text, whole characters.
fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl AccessLog {
    /// Starts the thread that writes to stdout.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn new(format: Format) -> io::Result<Self> {
        Self::with_output(format, io::stdout())
    }

    /// Logs a request; never waits for stdout.
    pub fn record(&self, entry: &Entry<'_>) {
        let format = **self.format.load();
        let write = match format {
            Format::Combined => format::combined,
            Format::VhostCombined => format::vhost_combined,
            Format::Json => format::json,
            Format::Off => return,
        };
        let mut line = Vec::with_capacity(USUAL_LINE);
        write(
            &mut line,
            &entry.shortened(),
            &self.timestamps.of(entry.time),
        );
        self.output.push(&line);
    }

    /// Writes the requests from now on in another format.
    pub fn set_format(&self, format: Format) {
        self.format.store(Arc::new(format));
    }

    /// Waits, for a second at most, until all is written that was recorded; says whether it is.
    pub fn flush(&self) -> bool {
        self.output.flush(FLUSH_LIMIT)
    }

    /// Lines lost so far because stdout was closed or read too slowly.
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

/// Its lines are gathered for a moment, so that a busy server writes many at once.
const STDOUT: Stream = Stream {
    log: "access log",
    name: "stdout",
    delay: Duration::from_millis(50),
};

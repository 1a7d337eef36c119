//! The formats of the access log: NGINX's `combined`, Apache's `vhost_combined`, JSON.

use std::{
    borrow::Cow,
    io::Write,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use http::Version;
use serde::Serialize;

use super::{
    Entry, Protocol,
    redact::redact,
    timestamp::{Second, milliseconds},
};
use crate::telemetry::escape::{escape_into, escaped_json};

/// A line of the access log, under construction.
pub(super) struct Line(Vec<u8>);

impl Line {
    /// Creates an empty line with room for a usual one.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(USUAL_LENGTH))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends an entry in NGINX's `combined` format, which fail2ban's stock filters parse.
    pub(super) fn combined(&mut self, entry: &Entry<'_>, second: &Second) {
        self.put_address(entry.client.to_canonical());
        self.put([" - "]);
        self.escape_or_dash(entry.user.map(str::as_bytes));
        self.put([" [", &second.common, "] \""]);
        self.escape(entry.method.as_bytes());
        self.put([" "]);
        self.escape(&redact(entry.target));
        self.put([" ", version(entry.version), "\" "]);
        self.put_decimal(entry.status.into());
        self.put([" "]);
        self.put_decimal(entry.body_bytes_sent);
        self.put([" \""]);
        self.escape_or_dash(entry.referer.map(redact).as_deref());
        self.put(["\" \""]);
        self.escape_or_dash(entry.user_agent);
        self.put(["\"\n"]);
    }

    /// Appends an entry in Apache's `vhost_combined` format: the requested host, then `combined`.
    pub(super) fn vhost_combined(&mut self, entry: &Entry<'_>, second: &Second) {
        let mut host = Vec::new();
        escape_into(&mut host, entry.host.unwrap_or("-").as_bytes());
        for part in host.split_inclusive(|byte| *byte == b' ') {
            match part.strip_suffix(b" ") {
                Some(word) => self.0.extend_from_slice(&[word, b"\\x20"].concat()),
                None => self.0.extend_from_slice(part),
            }
        }
        self.put([" "]);
        self.combined(entry, second);
    }

    /// Appends an entry as a JSON object without its unknown fields.
    pub(super) fn json(&mut self, entry: &Entry<'_>, second: &Second) {
        let object = serde_json::to_string(&Object::new(entry, second)).unwrap_or_default();
        self.put([&escaped_json(&object), "\n"]);
    }

    fn put<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        for text in texts {
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    fn escape(&mut self, text: &[u8]) {
        escape_into(&mut self.0, text);
    }

    fn escape_or_dash(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.escape(text),
            None => self.put(["-"]),
        }
    }

    fn put_address(&mut self, address: IpAddr) {
        let IpAddr::V4(address) = address else {
            // A write to memory cannot fail.
            let _ = write!(self.0, "{address}");
            return;
        };
        for (place, octet) in address.octets().into_iter().enumerate() {
            if place > 0 {
                self.put(["."]);
            }
            self.put_decimal(octet.into());
        }
    }

    fn put_decimal(&mut self, number: u64) {
        self.put([itoa::Buffer::new().format(number)]);
    }
}

/// The JSON object of an entry.
#[derive(Serialize)]
struct Object<'a> {
    time: String,
    client: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<&'a str>,
    protocol: Protocol,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    method: &'a str,
    target: String,
    version: String,
    status: u16,
    body_bytes_sent: u64,
    /// Seconds, rounded to milliseconds.
    duration: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
}

impl<'a> Object<'a> {
    fn new(entry: &Entry<'a>, second: &Second) -> Self {
        Self {
            time: rfc_3339(entry.time, second),
            client: entry.client.to_canonical(),
            user: entry.user,
            certificate: entry.certificate,
            protocol: entry.protocol,
            host: entry.host,
            method: entry.method,
            target: redacted_text(entry.target),
            version: format!("{:?}", entry.version),
            status: entry.status,
            body_bytes_sent: entry.body_bytes_sent,
            duration: seconds(entry.duration),
            upstream_time: entry.upstream_time.map(seconds),
            referer: entry.referer.map(redacted_text),
            user_agent: entry.user_agent.map(String::from_utf8_lossy),
        }
    }
}

fn redacted_text(text: &[u8]) -> String {
    String::from_utf8_lossy(&redact(text)).into_owned()
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Formats a time, such as `2025-10-10T13:55:36.123+02:00`.
fn rfc_3339(time: SystemTime, second: &Second) -> String {
    let (date, offset) = (&second.rfc_3339, &second.offset);
    format!("{date}.{:03}{offset}", milliseconds(time))
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}

/// Bytes of most lines.
const USUAL_LENGTH: usize = 256;

//! One request as one line: NGINX's and Apache's `combined`, or JSON.

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

/// Appends the line in the `combined` format, its end included; fail2ban's stock filters parse it.
pub(super) fn combined(line: &mut Vec<u8>, entry: &Entry<'_>, second: &Second) {
    put_address(line, entry.client.to_canonical());
    line.extend_from_slice(b" - ");
    escape_into(line, entry.user.unwrap_or("-").as_bytes());
    put(line, [" [", &second.common, "] \""]);
    escape_into(line, entry.method.as_bytes());
    line.push(b' ');
    escape_into(line, &redact(entry.target));
    put(line, [" ", version(entry.version), "\" "]);
    put_decimal(line, entry.status.into());
    line.push(b' ');
    put_decimal(line, entry.body_bytes_sent);
    line.extend_from_slice(b" \"");
    escape_into(line, &redact(entry.referer.unwrap_or(b"-")));
    line.extend_from_slice(b"\" \"");
    escape_into(line, entry.user_agent.unwrap_or(b"-"));
    line.extend_from_slice(b"\"\n");
}

/// Appends the line in Apache's `vhost_combined` format: the host as asked for, then `combined`.
pub(super) fn vhost_combined(line: &mut Vec<u8>, entry: &Entry<'_>, second: &Second) {
    let mut host = Vec::new();
    escape_into(&mut host, entry.host.unwrap_or("-").as_bytes());
    for part in host.split_inclusive(|byte| *byte == b' ') {
        match part.strip_suffix(b" ") {
            Some(word) => line.extend_from_slice(&[word, b"\\x20"].concat()),
            None => line.extend_from_slice(part),
        }
    }
    line.push(b' ');
    combined(line, entry, second);
}

/// Appends the line as a JSON object, its end included; what is not known is left out.
pub(super) fn json(line: &mut Vec<u8>, entry: &Entry<'_>, second: &Second) {
    let object = serde_json::to_string(&Object::new(entry, second)).unwrap_or_default();
    put(line, [&escaped_json(&object), "\n"]);
}

/// An entry in the words of the JSON log.
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
    /// Seconds, to the millisecond.
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

/// `2025-10-10T13:55:36.123+02:00`
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

fn put<'a>(line: &mut Vec<u8>, texts: impl IntoIterator<Item = &'a str>) {
    for text in texts {
        line.extend_from_slice(text.as_bytes());
    }
}

fn put_address(line: &mut Vec<u8>, address: IpAddr) {
    let IpAddr::V4(address) = address else {
        // Writing to memory cannot fail.
        let _ = write!(line, "{address}");
        return;
    };
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            line.push(b'.');
        }
        put_decimal(line, octet.into());
    }
}

fn put_decimal(line: &mut Vec<u8>, number: u64) {
    put(line, [itoa::Buffer::new().format(number)]);
}

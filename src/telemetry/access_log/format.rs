//! One request as one line: NGINX's and Apache's `combined`, or JSON.

use std::{borrow::Cow, net::IpAddr, time::Duration, time::SystemTime};

use serde::Serialize;
use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

use super::{Entry, Protocol, redact::redact};
use crate::telemetry::escape::{Escaped, escaped_json};

/// The line in the `combined` format, its end included; fail2ban's stock filters parse it.
pub(super) fn combined(entry: &Entry<'_>) -> String {
    format!(
        "{client} - {user} [{time}] \"{method} {target} {version:?}\" {status} {bytes} \"{referer}\" \"{agent}\"\n",
        client = entry.client.to_canonical(),
        user = Escaped(entry.user.unwrap_or("-").as_bytes()),
        time = local(entry.time, COMMON_LOG_TIME),
        method = Escaped(entry.method.as_bytes()),
        target = Escaped(&redact(entry.target)),
        version = entry.version,
        status = entry.status,
        bytes = entry.body_bytes_sent,
        referer = Escaped(&redact(entry.referer.unwrap_or(b"-"))),
        agent = Escaped(entry.user_agent.unwrap_or(b"-")),
    )
}

/// The line in Apache's `vhost_combined` format: the host as asked for, then `combined`.
pub(super) fn vhost_combined(entry: &Entry<'_>) -> String {
    let host = Escaped(entry.host.unwrap_or("-").as_bytes()).to_string();
    let host = host.replace(' ', "\\x20");
    format!("{host} {}", combined(entry))
}

/// The line as a JSON object, its end included; what is not known is left out.
pub(super) fn json(entry: &Entry<'_>) -> String {
    let object = serde_json::to_string(&Object::new(entry)).unwrap_or_default();
    let mut line = escaped_json(&object).into_owned();
    line.push('\n');
    line
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
    fn new(entry: &Entry<'a>) -> Self {
        Self {
            time: local(entry.time, RFC_3339),
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

/// The time as the operator's clock shows it; in UTC where the zone is not known.
fn local(time: SystemTime, format: &[BorrowedFormatItem<'_>]) -> String {
    let time = OffsetDateTime::from(time);
    let offset = UtcOffset::local_offset_at(time).unwrap_or(UtcOffset::UTC);
    time.to_offset(offset).format(format).unwrap_or_default()
}

/// `10/Oct/2025:13:55:36 +0200`
const COMMON_LOG_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);
/// `2025-10-10T13:55:36.123+02:00`
const RFC_3339: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory]:[offset_minute]"
);

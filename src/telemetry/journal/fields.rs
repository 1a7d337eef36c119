//! Safe messages: control characters are escaped and further lines indented, so that untrusted text
//! cannot imitate a line of hubgate.

use std::fmt;

use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FormatFields,
        format::{DefaultFields, Writer},
    },
};

use crate::telemetry::Printable;

/// Formats the fields of an event, which may hold untrusted text.
pub(super) struct Safe;

impl<'w> FormatFields<'w> for Safe {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut text = String::new();
        let plain = DefaultFields::new();
        plain.format_fields(Writer::new(&mut text), fields)?;
        let text = text.replace('\n', "\n  ");
        write!(writer, "{}", Printable(&text))
    }
}

//! The `log` key, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// The access log and the journal.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// Format of the access log, which has one line for each request.
    pub(crate) access: AccessLog,
    /// Lowest severity that is logged.
    pub(crate) level: Level,
}

/// A format of the access log.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccessLog {
    /// The `combined` format of NGINX and Apache.
    #[default]
    Combined,
    /// The `vhost_combined` format of Apache: the host and a space, then `combined`.
    VhostCombined,
    /// One JSON object for each line.
    Json,
    /// No access log.
    Off,
}

/// The severity of a message.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// Failures.
    Error,
    /// Conditions that need attention.
    Warn,
    /// Events.
    #[default]
    Info,
    /// Causes of events.
    Debug,
    /// Every step.
    Trace,
}

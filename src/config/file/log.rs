//! What is logged, as written: `log`.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// What is logged.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// One line a request.
    pub(crate) access: AccessLog,
    /// What hubgate says of itself.
    pub(crate) level: Level,
}

/// Format of the access log.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccessLog {
    /// NGINX's and Apache's `combined`.
    #[default]
    Combined,
    /// Apache's `vhost_combined`: the host and a space, then `combined`.
    VhostCombined,
    /// One JSON object a line.
    Json,
    /// None.
    Off,
}

/// From which severity on a message is logged.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// What failed.
    Error,
    /// What needs attention.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// Why it happened.
    Debug,
    /// Every step.
    Trace,
}

//! What hubgate tells the operator: one line a request on stdout, its own
//! journal on stderr, and counts.
//!
//! Nothing here decides anything; whoever knows a fact reports it here.

pub mod access_log;
pub mod counter;
pub mod counters;
pub mod journal;
pub mod limit_event;
pub mod line_limit;
pub mod progress;

mod escape;
mod output;

pub(crate) use self::escape::{OneLine, Printable, escaped_json, is_invisible};

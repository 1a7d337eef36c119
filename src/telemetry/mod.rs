//! Output for the operator: the access log on stdout, the journal on stderr, and counters.
//!
//! Other modules report events here; this module decides nothing.

pub mod access_log;
pub mod counter;
pub mod journal;
pub mod limit_event;
pub mod line_limit;
pub mod progress;

mod escape;
mod output;

pub(crate) use self::escape::{OneLine, Printable, escaped_json, is_invisible};

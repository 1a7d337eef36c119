//! The kinds of challenges hubgate can answer.

pub use crate::config::model::ChallengeKind;

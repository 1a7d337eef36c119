//! The outcome of a directive.

/// The outcome of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// hubgate does the same.
    Kept,
    /// hubgate does something similar.
    Changed,
    /// hubgate has no counterpart.
    Dropped,
}

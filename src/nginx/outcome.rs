//! The outcome of a directive.

/// The outcome of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// hubgate does the same.
    Kept,
    /// hubgate does something like it.
    Changed,
    /// hubgate does nothing of the kind.
    Dropped,
}

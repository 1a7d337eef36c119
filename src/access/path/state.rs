//! The state of interpretations that have read the same beginning of a path.

use super::interpretation_set::Set;

/// Interpretations that have read the same bytes and are in the same kind of parameters.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) set: Set,
    pub(super) read: Prefix,
    pub(super) inside: Inside,
}

/// The bytes read so far, as the beginning of the first rule that starts with them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    /// Index of the rule.
    pub(super) rule: u32,
    /// Length in bytes.
    pub(super) length: u32,
    /// The last byte is a slash.
    pub(super) slash: bool,
}

/// The parameters that are being dropped, by the step in which their `;` appears. They end at a
/// separator that appears in the same step or before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    None,
    TwiceDecoded,
    Decoded,
    Raw,
}

impl State {
    /// Returns the state of those interpretations that are in `some`.
    #[inline(always)]
    pub(super) fn among(self, some: Set) -> Self {
        Self {
            set: self.set & some,
            ..self
        }
    }

    /// Returns the state after the end of parameters.
    #[inline(always)]
    pub(super) fn outside(self) -> Self {
        Self {
            inside: Inside::None,
            ..self
        }
    }
}

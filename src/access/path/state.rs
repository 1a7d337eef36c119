//! How far interpretations of a path have come that have read the same.

use super::ways::Set;

/// Interpretations that have read the same, and are where they are alike.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) set: Set,
    pub(super) read: Prefix,
    pub(super) inside: Inside,
}

/// The path as it was read so far: the first bytes of a rule, the first that begins so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) rule: u32,
    pub(super) length: u32,
    /// Whether the last byte is a slash.
    pub(super) slash: bool,
}

/// The parameters that are being dropped, by when they are seen; they end at a separator that is
/// seen by then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    None,
    TwiceDecoded,
    Decoded,
    Raw,
}

impl State {
    #[inline(always)]
    pub(super) fn among(self, some: Set) -> Self {
        Self {
            set: self.set & some,
            ..self
        }
    }

    #[inline(always)]
    pub(super) fn outside(self) -> Self {
        Self {
            inside: Inside::None,
            ..self
        }
    }
}

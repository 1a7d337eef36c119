//! The ways in which hubs read a path, and which interpretations have them.

/// Interpretations, as bits: each has the number that the ways below add up to.
pub(super) type Set = u128;

const WAYS: u32 = 7;
pub(super) const TWICE: Set = having(0);
pub(super) const SLASH: Set = having(1);
pub(super) const BACKSLASH: Set = having(2);
pub(super) const RAW_PARAMETERS: Set = having(3);
pub(super) const DECODED_PARAMETERS: Set = having(4);
pub(super) const TWICE_DECODED_PARAMETERS: Set = having(5);
pub(super) const MERGE: Set = having(6);
/// What decodes once only has no parameters that show after the second time.
pub(super) const ALL: Set = !(TWICE_DECODED_PARAMETERS & !TWICE);

/// The interpretations that have one way.
const fn having(way: u32) -> Set {
    let (mut set, mut number) = (0, 0);
    while number < 1 << WAYS {
        if number >> way & 1 == 1 {
            set |= 1 << number;
        }
        number += 1;
    }
    set
}

//! The seven ways in which hubs differ when they read a path, as sets of interpretations.

/// A set of interpretations; the bits of an interpretation's number are the ways that it has.
pub(super) type Set = u128;

const WAYS: u32 = 7;
/// Interpretations that decode twice.
pub(super) const TWICE: Set = with(0);
/// Interpretations that take an encoded `/` for a separator.
pub(super) const SLASH: Set = with(1);
/// Interpretations that take an encoded `\` for a separator.
pub(super) const BACKSLASH: Set = with(2);
/// Interpretations that drop parameters before decoding.
pub(super) const RAW_PARAMETERS: Set = with(3);
/// Interpretations that drop parameters after decoding once.
pub(super) const DECODED_PARAMETERS: Set = with(4);
/// Interpretations that drop parameters after decoding twice.
pub(super) const TWICE_DECODED_PARAMETERS: Set = with(5);
/// Interpretations that merge slashes.
pub(super) const MERGE: Set = with(6);
/// All interpretations; none drops parameters after decoding twice without decoding twice.
pub(super) const ALL: Set = !(TWICE_DECODED_PARAMETERS & !TWICE);

/// Returns the interpretations that have one way.
const fn with(way: u32) -> Set {
    let (mut set, mut number) = (0, 0);
    while number < 1 << WAYS {
        if number >> way & 1 == 1 {
            set |= 1 << number;
        }
        number += 1;
    }
    set
}

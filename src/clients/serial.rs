//! Serial numbers of certificates, and the revoked ones of a list.

use time::OffsetDateTime;

/// A revoked certificate's serial number, and since when.
pub(super) type Revoked = (Vec<u8>, OffsetDateTime);

/// Bytes of a serial number from its hexadecimal text; none when it is not that.
pub(super) fn serial_bytes(serial: &str) -> Option<Vec<u8>> {
    let digits = serial.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

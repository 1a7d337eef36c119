//! Bytes of a stranger, made safe for a line of the log.

use std::fmt::{self, Display, Formatter, Write};

/// Text as NGINX logs it: `"`, `\`, control bytes and all that is not ASCII become `\xHH`.
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for &byte in self.0 {
            match byte {
                b'"' | b'\\' | 0..0x20 | 0x7f.. => write!(formatter, "\\x{byte:02X}")?,
                _ => formatter.write_char(char::from(byte))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_control_bytes_and_other_alphabets_are_escaped() {
        let escaped = Escaped("a \"b\" \\ \r\n\u{7f}\u{e4}".as_bytes()).to_string();
        assert_eq!(escaped, r"a \x22b\x22 \x5C \x0D\x0A\x7F\xC3\xA4");
    }
}

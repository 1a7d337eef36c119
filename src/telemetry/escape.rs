//! Escapes of untrusted text for logs and terminals.

use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter, Write},
};

use crate::config::is_invisible_or_control;

/// Displays text as NGINX logs it: `"`, `\`, control bytes and non-ASCII bytes become `\xHH`.
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        escape_into(&mut text, self.0);
        formatter.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Appends a text with the escapes of [`Escaped`].
pub(super) fn escape_into(line: &mut Vec<u8>, mut text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    // Most texts have no such byte, which is found for many bytes at once.
    let escapes = text.iter().map(|byte| is_escaped(*byte));
    if !escapes.fold(false, |any, escaped| any | escaped) {
        return line.extend_from_slice(text);
    }
    while let Some(at) = text.iter().position(|byte| is_escaped(*byte)) {
        let byte = text[at];
        let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
        line.extend_from_slice(&text[..at]);
        line.extend_from_slice(b"\\x");
        line.extend_from_slice(&digits);
        text = &text[at + 1..];
    }
    line.extend_from_slice(text);
}

fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20 | 0x7f..)
}

/// Displays text for a terminal: control and format characters become `\u{HEX}`, except line ends
/// and tabs.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl Display for Printable<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '\n' | '\t' => formatter.write_char(char)?,
                _ if is_invisible_or_control(char) => {
                    write!(formatter, "{}", char.escape_unicode())?;
                }
                _ => formatter.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// Escapes control and format characters in JSON as `\uHHHH`, which keeps its meaning (RFC 8259,
/// section 7).
pub(crate) fn escaped_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_invisible_or_control) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        match is_invisible_or_control(char) {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(char))),
            false => escaped.push(char),
        }
    }
    Cow::Owned(escaped)
}

/// Displays text within a line of a terminal: as [`Printable`], with line ends and tabs escaped.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match is_invisible_or_control(char) {
                true => write!(formatter, "{}", char.escape_unicode())?,
                false => formatter.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// Returns true for a character that is invisible in a name or reorders the text around it, except
/// the joiners of emoji and of scripts such as Persian.
pub(crate) fn is_invisible(char: char) -> bool {
    is_invisible_or_control(char) || char == '\u{200b}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_control_bytes_and_non_ascii_bytes_are_escaped() {
        let escaped = Escaped("a \"b\" \\ \r\n\u{7f}\u{e4}".as_bytes()).to_string();
        assert_eq!(escaped, r"a \x22b\x22 \x5C \x0D\x0A\x7F\xC3\xA4");
    }

    #[test]
    fn control_and_format_characters_are_escaped_and_other_scripts_are_kept() {
        for (text, printed) in [
            ("Händi 📱 手機 אמא", "Händi 📱 手機 אמא"),
            (
                "\u{1b}[2J\r\u{9b}2J\u{85}\u{7f}",
                r"\u{1b}[2J\u{d}\u{9b}2J\u{85}\u{7f}",
            ),
            ("a\u{202e}b\u{2066}\u{2028}", r"a\u{202e}b\u{2066}\u{2028}"),
            ("one\n\ttwo", "one\n\ttwo"),
        ] {
            assert_eq!(Printable(text).to_string(), printed);
        }
    }

    #[test]
    fn line_ends_and_tabs_are_escaped_within_a_line() {
        let line = OneLine("a\n\u{1b}\tb").to_string();
        assert_eq!(line, r"a\u{a}\u{1b}\u{9}b");
    }
}

//! Characters of web pages and word processors that look like those of YAML.
//!
//! YAML reads a non-breaking space as text, so that its parser reports a later position. Such
//! characters are refused where a value, a key or indentation begins; within text they are allowed.

use super::faults::{Fault, Position};

/// Returns a fault for each line that contains a lookalike.
pub(super) fn faults(text: &str) -> Vec<Fault> {
    let lines = text.lines().zip(1..);
    let lines = lines.map(|(text, number)| Line { number, text });
    lines.filter_map(|line| line.fault()).collect()
}

/// A line of the text; the first one has the number 1.
struct Line<'t> {
    number: usize,
    text: &'t str,
}

/// A character that YAML reads as text, though it looks like a part of the syntax.
enum Lookalike {
    Space(char),
    Quote(char),
}

impl Line<'_> {
    fn fault(&self) -> Option<Fault> {
        let (index, lookalike) = self.lookalike()?;
        let position = Position {
            line: self.number,
            column: index + 1,
        };
        Some(Fault::at(position, lookalike.message()))
    }

    /// Finds the first lookalike outside of quotes and comments, and its index in characters.
    fn lookalike(&self) -> Option<(usize, Lookalike)> {
        let (mut before, mut quote) = (' ', None);
        for (index, c) in self.text.chars().enumerate() {
            let begins = matches!(before, ' ' | '\t' | ':' | '-' | ',' | '[' | '{');
            match quote {
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if c == '#' && matches!(before, ' ' | '\t') => return None,
                None if self.number == 1 && index == 0 && c == BYTE_ORDER_MARK => {}
                None if begins && matches!(c, '"' | '\'') => quote = Some(c),
                None if begins => {
                    if let Some(lookalike) = Lookalike::from_char(c) {
                        return Some((index, lookalike));
                    }
                }
                None => {}
            }
            before = c;
        }
        None
    }
}

impl Lookalike {
    fn from_char(c: char) -> Option<Self> {
        match c {
            '\u{200b}' | '\u{2060}' | BYTE_ORDER_MARK => Some(Self::Space(c)),
            c if !c.is_ascii() && c.is_whitespace() => Some(Self::Space(c)),
            '\u{2018}'..='\u{201f}' | '«' | '»' => Some(Self::Quote(c)),
            _ => None,
        }
    }

    fn message(&self) -> String {
        match *self {
            Self::Space(c) => format!(
                "U+{:04X} is not a space to YAML: type a plain space",
                u32::from(c)
            ),
            Self::Quote(c) => {
                format!("{c} is not a quote to YAML: type a plain quote, \" or '")
            }
        }
    }
}

/// The character that editors of Windows write at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// True for control characters (C0, DEL, C1), and for characters that separate lines or change the
/// direction of text (UAX #9, section 2; Unicode, section 23.2). All are in the Basic Multilingual
/// Plane.
#[must_use]
pub fn is_invisible_or_control(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

/// Refuses a path with a character that would change the line of a message with that path.
///
/// # Errors
/// Names the character.
pub fn must_be_visible(path: &str) -> Result<(), String> {
    match path.chars().find(|char| is_invisible_or_control(*char)) {
        None => Ok(()),
        Some(odd) => Err(format!(
            "the path has the invisible character U+{:04X}: remove it, and rename the file if its name has it",
            u32::from(odd)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Option<(usize, usize)> {
        let position = faults(text).first()?.position;
        Some((position.line, position.column))
    }

    #[test]
    fn a_lookalike_is_refused_in_its_own_line() {
        assert_eq!(position("a:\n\u{a0} b: c\n  d: e\n"), Some((2, 1)));
        let space = position("a: b\nupstream:\u{a0}http://hub:80\n");
        assert_eq!(space, Some((2, 10)));
        assert_eq!(position("hosts: [“home”]"), Some((1, 9)));
        assert_eq!(position("a: [b,\u{202f}c]"), Some((1, 7)));
        assert_eq!(position("a: 'b'\n- \u{200b}c"), Some((2, 3)));
    }

    #[test]
    fn text_and_comments_keep_their_characters() {
        for text in [
            "# “home”\u{a0}\na: b",
            "a: b # \u{a0}",
            "a: 'x: \u{a0}“y”'",
            "a: \"x: \u{a0}\"",
            "a: Anna’s\u{a0}phone",
            "\u{feff}a: b",
        ] {
            assert_eq!(position(text), None, "{text:?}");
        }
    }
}

//! Characters of web pages and word processors in the place of those that YAML knows.
//!
//! To YAML a non-breaking space is text, so the parser stops far behind it. They are refused
//! where a value, key or indentation begins; within text they stay.

use super::faults::{Fault, Position};

/// The lookalikes of a text, the first of each line.
pub(super) fn faults(text: &str) -> Vec<Fault> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(nth, line)| fault(nth + 1, line))
        .collect()
}

fn fault(line: usize, text: &str) -> Option<Fault> {
    let (column, found) = lookalike(text, line == 1)?;
    let code = u32::from(found);
    let message = match is_blank(found) {
        true => format!("a space that is none to YAML (U+{code:04X}): type a plain space"),
        false => format!("a typographic quote ({found}): type a plain quote, \" or '"),
    };
    Some(Fault::at(Position { line, column }, message))
}

/// The column of the first lookalike outside of quotes and comments.
fn lookalike(line: &str, is_first: bool) -> Option<(usize, char)> {
    let (mut before, mut quote) = (' ', None);
    for (at, c) in line.chars().enumerate() {
        let begins = matches!(before, ' ' | '\t' | ':' | '-' | ',' | '[' | '{');
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' && matches!(before, ' ' | '\t') => return None,
            None if is_first && at == 0 && c == BYTE_ORDER_MARK => {}
            None if begins && (is_blank(c) || is_quote(c)) => return Some((at + 1, c)),
            None if begins && matches!(c, '"' | '\'') => quote = Some(c),
            None => {}
        }
        before = c;
    }
    None
}

/// Control characters (C0, DEL, C1), and what parts lines or turns the direction of text around
/// (UAX #9, section 2; Unicode, section 23.2). All are in the Basic Multilingual Plane.
#[must_use]
pub fn is_obeyed(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

/// Refuses a path that would change the line of a message it stands in.
///
/// # Errors
/// With the character.
pub fn must_be_visible(path: &str) -> Result<(), String> {
    match path.chars().find(|char| is_obeyed(*char)) {
        None => Ok(()),
        Some(odd) => Err(format!(
            "the path has the invisible character U+{:04X}: leave it out, and rename the file if it is its own",
            u32::from(odd)
        )),
    }
}

/// What editors of Windows put before the first character.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn is_blank(c: char) -> bool {
    let is_invisible = matches!(c, '\u{200b}' | '\u{2060}' | BYTE_ORDER_MARK);
    is_invisible || !c.is_ascii() && c.is_whitespace()
}

fn is_quote(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Option<(usize, usize)> {
        let position = faults(text).first()?.position;
        Some((position.line, position.column))
    }

    #[test]
    fn a_lookalike_is_refused_in_its_own_line() {
        assert_eq!(place("a:\n\u{a0} b: c\n  d: e\n"), Some((2, 1)));
        assert_eq!(place("a: b\nupstream:\u{a0}http://hub:80\n"), Some((2, 10)));
        assert_eq!(place("hosts: [“home”]"), Some((1, 9)));
        assert_eq!(place("a: [b,\u{202f}c]"), Some((1, 7)));
        assert_eq!(place("a: 'b'\n- \u{200b}c"), Some((2, 3)));
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
            assert_eq!(place(text), None, "{text:?}");
        }
    }
}

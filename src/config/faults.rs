//! Faults in `proxy.yaml` and their text: position, key, cause and cure, and the line.
//!
//! Every other module of `config` creates faults; this one renders them. Control characters of
//! the file are replaced, so that none reaches a terminal.

use std::{error::Error, fmt, path::Path};

/// All faults of a configuration file.
///
/// `Display` prints each of them as `proxy.yaml:14:7: sites[2].upstream: cause and cure`, followed
/// by the line of the file and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

/// A fault in the file.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Position in the text.
    pub(super) position: Position,
    /// Path of the key, such as `sites[2].upstream`; empty for the file as a whole.
    pub(super) path: String,
    /// Cause, a colon, and the cure.
    pub(super) message: String,
}

/// A position in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    /// Line, counted from 1.
    pub(super) line: usize,
    /// Column in characters, counted from 1.
    pub(super) column: usize,
}

impl Faults {
    /// Returns the number of faults, which is at least 1.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "faults without a fault do not exist"
    )]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Creates a single fault of the file as a whole, such as an error of reading it.
    pub(super) fn of_file(file: &Path, message: &str) -> Self {
        Self(vec![format!("{}: {}", file.display(), printable(message))])
    }

    /// Renders the faults in the order of the text.
    pub(super) fn new(file: &Path, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.position);
        let lines: Vec<&str> = text.lines().collect();
        let render = |fault: &Fault| format!("{}{}", fault.headline(file), fault.excerpt(&lines));
        Self(faults.iter().map(render).collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Error for Faults {}

impl Fault {
    /// Creates a fault of the file as a whole, at a position.
    pub(super) fn at(position: Position, message: impl Into<String>) -> Self {
        let (path, message) = (String::new(), message.into());
        Self {
            position,
            path,
            message,
        }
    }

    /// Renders the fault in one line: `proxy.yaml:14:7: sites[2].upstream: cause and cure`.
    pub(super) fn headline(&self, file: &Path) -> String {
        let Position { line, column } = self.position;
        let separator = if self.path.is_empty() { "" } else { ": " };
        let message = printable(&format!("{}{separator}{}", self.path, self.message));
        format!("{}:{line}:{column}: {message}", file.display())
    }

    /// Renders the line of the fault with a caret below it; empty if the text has no such line.
    pub(super) fn excerpt(&self, lines: &[&str]) -> String {
        let Position { line, column } = self.position;
        let Some(text) = lines.get(line - 1) else {
            return String::new();
        };
        let skipped = column.saturating_sub(BEFORE_FAULT);
        let shown = text.chars().skip(skipped).take(BEFORE_FAULT + AFTER_FAULT);
        let shown = printable(&shown.collect::<String>());
        let caret = " ".repeat(column - 1 - skipped);
        format!("\n{line:>5} | {shown}\n      | {caret}^")
    }
}

/// Characters of a line that are shown up to the fault.
const BEFORE_FAULT: usize = 80;

/// Characters of a line that are shown after the fault.
const AFTER_FAULT: usize = 20;

/// Replaces each control character, including tabs, by one printable character.
fn printable(text: &str) -> String {
    let replace = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, line: usize, column: usize) -> String {
        let fault = Fault {
            position: Position { line, column },
            path: "log".into(),
            message: "odd".into(),
        };
        Faults::new(Path::new("proxy.yaml"), text, vec![fault]).to_string()
    }

    #[test]
    fn a_fault_shows_its_line_with_a_caret_under_the_column() {
        let expected = "proxy.yaml:2:6: log: odd\n    2 | log: x\n      |      ^";
        assert_eq!(rendered("# log\nlog: x\n", 2, 6), expected);
    }

    #[test]
    fn escape_sequences_of_the_file_do_not_reach_the_terminal() {
        assert!(!rendered("log: \u{1b}[2J", 1, 1).contains('\u{1b}'));
    }

    #[test]
    fn a_long_line_is_shown_around_the_fault_only() {
        let line = format!("{}!{}", "a".repeat(5000), "b".repeat(5000));
        let text = rendered(&line, 1, 5001);
        let [_, shown, caret] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert!(shown.len() < 120);
        assert_eq!(shown.find('!'), caret.find('^'));
    }

    #[test]
    fn a_position_after_the_end_of_the_text_has_no_line() {
        assert_eq!(rendered("", 1, 1), "proxy.yaml:1:1: log: odd");
    }
}

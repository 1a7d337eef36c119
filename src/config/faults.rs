//! What is wrong in `proxy.yaml`, with the place and the line it stands in.
//!
//! Every other part of `config` finds faults; here they become text. Nothing
//! of the file reaches a terminal unescaped.

use std::{error::Error, fmt, path::Path};

/// Everything wrong in a configuration file, told at once.
///
/// Its `Display` is the whole text for the operator: for each fault
/// `proxy.yaml:14:7: sites[2].upstream: cause and cure`, the line and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

/// One thing wrong.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Where in the text.
    pub(super) position: Position,
    /// Which key: `sites[2].upstream`; empty for the file as a whole.
    pub(super) path: String,
    /// Cause and cure.
    pub(super) message: String,
}

/// A place in the text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    /// Line.
    pub(super) line: usize,
    /// Column.
    pub(super) column: usize,
}

impl Faults {
    /// How many faults there are; never none.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "faults without a fault do not exist"
    )]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A fault of the file as a whole, such as one that cannot be read.
    pub(super) fn whole(file: &Path, message: &str) -> Self {
        Self(vec![format!("{}: {}", file.display(), printable(message))])
    }

    /// The faults in the order of the text.
    pub(super) fn new(file: &Path, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.position);
        let lines: Vec<&str> = text.lines().collect();
        let tell = |fault: &Fault| format!("{}{}", fault.headline(file), fault.excerpt(&lines));
        Self(faults.iter().map(tell).collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Error for Faults {}

impl Fault {
    /// Something wrong with the file as a whole, noticed here.
    pub(super) fn at(position: Position, message: impl Into<String>) -> Self {
        let (path, message) = (String::new(), message.into());
        Self {
            position,
            path,
            message,
        }
    }

    /// The fault in one line: `proxy.yaml:14:7: sites[2].upstream: cause and cure`.
    pub(super) fn headline(&self, file: &Path) -> String {
        let Position { line, column } = self.position;
        let separator = if self.path.is_empty() { "" } else { ": " };
        let told = printable(&format!("{}{separator}{}", self.path, self.message));
        format!("{}:{line}:{column}: {told}", file.display())
    }

    /// The line it stands in, with a caret; nothing when the text ends before.
    pub(super) fn excerpt(&self, lines: &[&str]) -> String {
        let Position { line, column } = self.position;
        let Some(text) = lines.get(line - 1) else {
            return String::new();
        };
        let skipped = column.saturating_sub(WIDTH);
        let shown: String = text.chars().skip(skipped).take(WIDTH + MARGIN).collect();
        let shown = printable(&shown);
        let caret = " ".repeat(column - 1 - skipped);
        format!("\n{line:>5} | {shown}\n      | {caret}^")
    }
}

/// Characters of a line shown up to the fault.
const WIDTH: usize = 80;

/// Characters of a line shown after that.
const MARGIN: usize = 20;

/// The text with control characters, tabs too, as one printable character each.
fn printable(text: &str) -> String {
    let show = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, line: usize, column: usize) -> String {
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
        assert_eq!(told("# log\nlog: x\n", 2, 6), expected);
    }

    #[test]
    fn escape_sequences_of_the_file_do_not_reach_the_terminal() {
        assert!(!told("log: \u{1b}[2J", 1, 1).contains('\u{1b}'));
    }

    #[test]
    fn of_a_long_line_the_part_around_the_fault_is_shown() {
        let line = format!("{}!{}", "a".repeat(5000), "b".repeat(5000));
        let told = told(&line, 1, 5001);
        let [_, shown, caret] = told.lines().collect::<Vec<_>>()[..] else {
            panic!("{told}");
        };
        assert!(shown.len() < 120);
        assert_eq!(shown.find('!'), caret.find('^'));
    }

    #[test]
    fn a_place_after_the_end_of_the_text_has_no_line() {
        assert_eq!(told("", 1, 1), "proxy.yaml:1:1: log: odd");
    }
}

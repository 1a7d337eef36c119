//! The outcome of each directive, and the reasons to stop the import.

use std::{
    collections::HashSet,
    fmt::{self, Write},
};

use super::{
    outcome::Outcome,
    plan::secret,
    read::directive::{Directive, Position},
    write::secret_files::SecretFiles,
};
use crate::telemetry::OneLine;

/// The report of an import.
#[derive(Clone, Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    stops: Vec<Stop>,
    /// The ids of the directives with an outcome.
    recorded: HashSet<usize>,
    pub(super) secrets: Box<SecretFiles>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    outcome: Outcome,
    what: String,
    reason: String,
    at: Vec<Position>,
}

/// A reason to stop the import: the position, the cause and the correction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", OneLine(&format!("{at}: {message}")))]
pub struct Stop {
    at: Position,
    message: String,
}

impl Report {
    /// Records that hubgate does the same.
    pub(super) fn kept(&mut self, directive: &Directive, reason: impl Into<String>) {
        self.record(Outcome::Kept, directive, reason);
    }

    /// Records that hubgate does something similar.
    pub(super) fn changed(&mut self, directive: &Directive, reason: impl Into<String>) {
        self.record(Outcome::Changed, directive, reason);
    }

    /// Records that hubgate has no counterpart.
    pub(super) fn dropped(&mut self, directive: &Directive, reason: impl Into<String>) {
        self.record(Outcome::Dropped, directive, reason);
    }

    /// Hides a value everywhere, and the credentials after its scheme (RFC 9110, section 11.4).
    pub(super) fn hide(&mut self, value: &str) {
        let rest = value.split_once(' ').map_or("", |(_, rest)| rest);
        let texts = [value, rest]
            .into_iter()
            .filter(|text| text.len() >= MIN_HIDDEN);
        self.secrets.hidden.extend(texts.map(str::to_owned));
    }

    /// Records the same outcome for a block and all directives in it.
    pub(super) fn record_block(
        &mut self,
        outcome: Outcome,
        block: &Directive,
        reason: impl Into<String>,
    ) {
        let mut count = 0;
        let recorded = &mut self.recorded;
        for child in block.children() {
            child.walk(&mut |directive| count += usize::from(recorded.insert(directive.id)));
        }
        let reason = reason.into();
        let reason = match count {
            0 => reason,
            1 => format!("{reason} (and the 1 directive in it)"),
            _ => format!("{reason} (and the {count} directives in it)"),
        };
        self.record(outcome, block, reason);
    }

    /// Records a note that belongs to no single directive, with the position of its cause.
    pub(super) fn record_note(
        &mut self,
        outcome: Outcome,
        at: &Position,
        what: &str,
        reason: impl Into<String>,
    ) {
        let (what, reason) = (what.to_owned(), reason.into());
        let is_same = |line: &&mut Line| {
            line.outcome == outcome && line.what == what && line.reason == reason
        };
        match self.lines.iter_mut().find(is_same) {
            Some(line) if line.at.contains(at) => {}
            Some(line) => line.at.push(at.clone()),
            None => self.lines.push(Line {
                outcome,
                what,
                reason,
                at: vec![at.clone()],
            }),
        }
    }

    /// Stops the import at a directive; the message has the cause and the correction.
    pub(super) fn stop(&mut self, directive: &Directive, message: impl Into<String>) {
        self.recorded.insert(directive.id);
        let (at, message) = (directive.at.clone(), message.into());
        let stop = Stop { at, message };
        if !self.stops.contains(&stop) {
            self.stops.push(stop);
        }
    }

    /// Records the outcome of all directives that have none yet.
    pub(super) fn record_rest(&mut self, directives: &[Directive]) {
        for directive in directives {
            if !self.recorded.contains(&directive.id) {
                self.record_unused(directive);
            }
            self.record_rest(directive.children());
        }
    }

    /// Returns the reasons to stop the import.
    pub(super) fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Returns all reasons to stop in one message, so that all can be corrected at once.
    pub(super) fn stop_message(&self) -> String {
        let stops = self.stops.iter().map(|stop| format!("\n  {stop}"));
        format!(
            "the import stops, as the result would be weaker than NGINX or unclear:{}",
            stops.collect::<String>()
        )
    }

    /// Reports whether a directive has an outcome.
    #[cfg(test)]
    pub(super) fn has(&self, directive: &Directive) -> bool {
        self.recorded.contains(&directive.id)
    }

    fn without_secrets(&self, text: &str) -> String {
        let hidden = self.secrets.hidden.iter();
        hidden.fold(text.to_owned(), |text, value| {
            text.replace(value, secret::HIDDEN)
        })
    }

    fn record_unused(&mut self, directive: &Directive) {
        if let Some((outcome, reason)) = directive.harmless() {
            return match directive.name.as_str() {
                // Each directive in it has its own outcome.
                "http" => self.record(outcome, directive, reason),
                _ => self.record_block(outcome, directive, reason),
            };
        }
        let reason = match directive.is_translated() {
            true => "no imported hub inherits it",
            false => "unknown to hubgate, and it applies to no imported hub",
        };
        self.record_block(Outcome::Dropped, directive, reason);
    }

    /// Records the outcome of a directive, unless it has one.
    pub(super) fn record(
        &mut self,
        outcome: Outcome,
        directive: &Directive,
        reason: impl Into<String>,
    ) {
        if !self.recorded.insert(directive.id) {
            return;
        }
        let mut what = self.without_secrets(&directive.shown());
        if let Some((end, _)) = what.char_indices().nth(MAX_SHOWN) {
            what.truncate(end);
            what.push('…');
        }
        self.record_note(outcome, &directive.at, &what, reason);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (outcome, title) in TITLES {
            let lines = self.lines.iter();
            let lines: Vec<_> = lines.filter(|line| line.outcome == outcome).collect();
            if !lines.is_empty() {
                writeln!(text, "{title}")?;
            }
            for line in lines {
                writeln!(text, "{line}")?;
            }
        }
        f.write_str(&self.without_secrets(text.trim_end()))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at: Vec<_> = self.at.iter().map(ToString::to_string).collect();
        let at = at.join(", ");
        let (at, what, reason) = (OneLine(&at), OneLine(&self.what), OneLine(&self.reason));
        write!(f, "  {at}: {what}\n    {reason}")
    }
}

const TITLES: [(Outcome, &str); 3] = [
    (Outcome::Kept, "kept"),
    (Outcome::Changed, "changed"),
    (Outcome::Dropped, "dropped"),
];

/// The shortest text that is hidden wherever it occurs, in bytes.
const MIN_HIDDEN: usize = 4;
/// The largest number of characters of a directive that are shown.
const MAX_SHOWN: usize = 80;

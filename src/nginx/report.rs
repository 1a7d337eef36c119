//! What became of each directive, and why the import stops where it does.

use std::{
    collections::HashSet,
    fmt::{self, Write},
};

use super::{
    directive::{At, Directive},
    directive_table,
    outcome::Outcome,
    secret,
    secret_files::SecretFiles,
};
use crate::telemetry::OneLine;

/// What an import says of what it read.
#[derive(Clone, Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    stops: Vec<Stop>,
    told: HashSet<usize>,
    pub(super) secrets: Box<SecretFiles>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    outcome: Outcome,
    what: String,
    why: String,
    at: Vec<At>,
}

/// Why nothing was written: the place, the cause and the cure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", OneLine(&format!("{at}: {message}")))]
pub struct Stop {
    at: At,
    message: String,
}

impl Report {
    /// hubgate does the same.
    pub(super) fn kept(&mut self, directive: &Directive, why: impl Into<String>) {
        self.tell(Outcome::Kept, directive, why);
    }

    /// hubgate does something like it.
    pub(super) fn changed(&mut self, directive: &Directive, why: impl Into<String>) {
        self.tell(Outcome::Changed, directive, why);
    }

    /// hubgate does nothing of the kind.
    pub(super) fn dropped(&mut self, directive: &Directive, why: impl Into<String>) {
        self.tell(Outcome::Dropped, directive, why);
    }

    /// Shows a value nowhere, nor what follows the scheme of credentials (RFC 9110, section 11.4).
    pub(super) fn hide(&mut self, value: &str) {
        let rest = value.split_once(' ').map_or("", |(_, rest)| rest);
        let texts = [value, rest]
            .into_iter()
            .filter(|text| text.len() >= SHORTEST);
        self.secrets.hidden.extend(texts.map(str::to_owned));
    }

    /// The same became of a block and of all that stands in it.
    pub(super) fn whole(&mut self, outcome: Outcome, block: &Directive, why: impl Into<String>) {
        let mut inner = 0;
        let told = &mut self.told;
        block.inner().iter().for_each(|it| {
            it.walk(&mut |it| inner += usize::from(told.insert(it.id)));
        });
        let why = why.into();
        let why = match inner {
            0 => why,
            1 => format!("{why} (and the 1 directive in it)"),
            _ => format!("{why} (and the {inner} directives in it)"),
        };
        self.tell(outcome, block, why);
    }

    /// Something to know that no single directive says; `at` is where it comes from.
    pub(super) fn note(&mut self, outcome: Outcome, at: &At, what: &str, why: impl Into<String>) {
        let (what, why) = (what.to_owned(), why.into());
        let same =
            |line: &&mut Line| line.outcome == outcome && line.what == what && line.why == why;
        match self.lines.iter_mut().find(same) {
            Some(line) if line.at.contains(at) => {}
            Some(line) => line.at.push(at.clone()),
            None => self.lines.push(Line {
                outcome,
                what,
                why,
                at: vec![at.clone()],
            }),
        }
    }

    /// The import stops here; the message has the cause and the cure.
    pub(super) fn stop(&mut self, directive: &Directive, message: impl Into<String>) {
        self.told.insert(directive.id);
        let (at, message) = (directive.at.clone(), message.into());
        let stop = Stop { at, message };
        if !self.stops.contains(&stop) {
            self.stops.push(stop);
        }
    }

    /// Tells what became of the directives that nothing was said of yet.
    pub(super) fn finish(&mut self, directives: &[Directive]) {
        for directive in directives {
            if !self.told.contains(&directive.id) {
                self.rest(directive);
            }
            self.finish(directive.inner());
        }
    }

    /// Why nothing may be written; empty when something may.
    pub(super) fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Whether something was said of it.
    #[cfg(test)]
    pub(super) fn tells(&self, directive: &Directive) -> bool {
        self.told.contains(&directive.id)
    }

    fn without_secrets(&self, text: &str) -> String {
        let hidden = self.secrets.hidden.iter();
        hidden.fold(text.to_owned(), |text, value| {
            text.replace(value, secret::HIDDEN)
        })
    }

    fn rest(&mut self, directive: &Directive) {
        let name = directive.name.as_str();
        if let Some((outcome, why)) = directive_table::harmless(name) {
            return match name {
                // Each directive in it has its own outcome.
                "http" => self.tell(outcome, directive, why),
                _ => self.whole(outcome, directive, why),
            };
        }
        let why = match directive_table::is_translated(name) {
            true => "no hub that is imported inherits it",
            false => "unknown here, where it reaches no hub that is imported",
        };
        self.whole(Outcome::Dropped, directive, why);
    }

    /// The outcome of a directive, unless it has one.
    pub(super) fn tell(&mut self, outcome: Outcome, directive: &Directive, why: impl Into<String>) {
        if !self.told.insert(directive.id) {
            return;
        }
        let mut what = self.without_secrets(&secret::shown(directive));
        if let Some((end, _)) = what.char_indices().nth(LONGEST) {
            what.truncate(end);
            what.push('…');
        }
        self.note(outcome, &directive.at, &what, why);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (outcome, title) in TITLES {
            let lines: Vec<_> = self
                .lines
                .iter()
                .filter(|line| line.outcome == outcome)
                .collect();
            if lines.is_empty() {
                continue;
            }
            writeln!(text, "{title}")?;
            for line in lines {
                let at: Vec<_> = line.at.iter().map(ToString::to_string).collect();
                let at = at.join(", ");
                let (at, what, why) = (OneLine(&at), OneLine(&line.what), OneLine(&line.why));
                writeln!(text, "  {at}: {what}\n    {why}")?;
            }
        }
        f.write_str(&self.without_secrets(text.trim_end()))
    }
}

const TITLES: [(Outcome, &str); 3] = [
    (Outcome::Kept, "kept"),
    (Outcome::Changed, "changed"),
    (Outcome::Dropped, "dropped"),
];

/// Characters from which on a text is hidden wherever it stands.
const SHORTEST: usize = 4;
/// Characters of a directive that are shown.
const LONGEST: usize = 80;

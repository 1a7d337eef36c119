//! The texts that a variable can have at a place, as far as the files alone decide it.
//!
//! NGINX runs the `set` and `if` of a server, then those of the location, in their order. A
//! variable that nothing but them and maps decides has a few texts; every other has any text.

use std::collections::{BTreeMap, BTreeSet};

use super::{directive::Directive, levels::Levels};

mod condition;
mod recipe;
mod source;
mod text;

use self::{
    source::{captured, hosts},
    text::{Part, parts},
};

/// All texts that something can be; none where that is open.
type Texts = Option<BTreeSet<String>>;

/// Texts of a variable that are followed at most.
const MOST: usize = 64;
/// Blocks that give a variable a value.
const DEFINERS: [&str; 3] = ["map", "geo", "split_clients"];
/// Maps that are resolved through each other at most.
const DEEPEST: usize = 8;

/// The variables of one place, after everything there that sets them.
#[derive(Clone, Debug)]
pub(super) struct Variables<'d> {
    set: BTreeMap<String, Texts>,
    /// `map` and its like; of several for a variable the last counts.
    definers: Vec<&'d Directive>,
    /// Set by a group of an expression somewhere in the server.
    captured: BTreeSet<String>,
    /// `if` blocks that are never entered, by their directives.
    never: BTreeSet<usize>,
    /// The names of the server, where no others lead to it.
    hosts: Texts,
    tls: bool,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Always,
    Never,
    Sometimes,
}

impl<'d> Variables<'d> {
    /// The variables where these blocks end; `tls` where hubgate serves the place over TLS.
    pub(super) fn at(levels: &Levels<'d>, tls: bool) -> Self {
        let definers = levels
            .outermost()
            .filter(|it| DEFINERS.contains(&it.name.as_str()));
        let mut variables = Self {
            set: BTreeMap::new(),
            definers: definers.collect(),
            captured: captured(levels),
            never: BTreeSet::new(),
            hosts: hosts(levels),
            tls,
        };
        levels.executed().for_each(|it| variables.run(it));
        variables
    }

    /// The only text that this can be.
    pub(super) fn fixed(&self, text: &str) -> Option<String> {
        let texts = self.texts(text, 0)?;
        match texts.len() {
            1 => texts.into_iter().next(),
            _ => None,
        }
    }

    /// The text with each variable replaced that has one text only.
    pub(super) fn resolve(&self, text: &str) -> String {
        let parts = parts(text).into_iter();
        let resolved = parts.map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Variable { name, written } => {
                let fixed = self.fixed(&format!("${{{name}}}"));
                fixed.unwrap_or_else(|| written.to_owned())
            }
        });
        resolved.collect()
    }

    /// Whether the block of this `if` is never entered.
    pub(super) fn is_never(&self, directive: &Directive) -> bool {
        self.never.contains(&directive.id)
    }

    fn run(&mut self, directive: &'d Directive) {
        match (directive.name.as_str(), directive.words.as_slice()) {
            ("set", [name, value]) => {
                let texts = self.texts(value, 0);
                self.put(name, texts);
            }
            ("if", _) => self.branch(directive),
            _ => {}
        }
    }

    fn put(&mut self, name: &str, texts: Texts) {
        let name = name.trim_start_matches('$').to_ascii_lowercase();
        self.set.insert(name, texts);
    }

    fn branch(&mut self, directive: &'d Directive) {
        let truth = self.truth(directive);
        if truth == Truth::Never {
            self.never.insert(directive.id);
            return;
        }
        let without = self.set.clone();
        directive.inner().iter().for_each(|it| self.run(it));
        if truth == Truth::Sometimes {
            self.join(&without);
        }
    }

    /// Adds the texts that the variables have where a block was not entered.
    fn join(&mut self, without: &BTreeMap<String, Texts>) {
        for (name, texts) in &mut self.set {
            let other = without.get(name).cloned().flatten();
            *texts = texts
                .take()
                .zip(other)
                .map(|(some, others)| &some | &others);
        }
    }

    fn truth(&self, directive: &Directive) -> Truth {
        let test = self.test(directive);
        let texts = test.as_ref().and_then(|test| self.texts(&test.variable, 1));
        let (Some(test), Some(texts)) = (test, texts) else {
            return Truth::Sometimes;
        };
        let mut held = texts.iter().map(|text| test.holds(text));
        match (held.clone().all(|it| it), held.any(|it| it)) {
            (true, _) => Truth::Always,
            (_, false) => Truth::Never,
            _ => Truth::Sometimes,
        }
    }

    /// Every text that this can be.
    fn texts(&self, text: &str, depth: usize) -> Texts {
        let mut all = BTreeSet::from([String::new()]);
        for part in parts(text) {
            let ends = match part {
                Part::Text(text) => BTreeSet::from([text.to_owned()]),
                Part::Variable { name, .. } => self.variable(&name.to_ascii_lowercase(), depth)?,
            };
            let joined = all
                .iter()
                .flat_map(|begin| ends.iter().map(move |end| format!("{begin}{end}")));
            all = joined.collect();
            if all.len() > MOST {
                return None;
            }
        }
        Some(all)
    }

    fn variable(&self, name: &str, depth: usize) -> Texts {
        if depth > DEEPEST || self.captured.contains(name) {
            return None;
        }
        if let Some(texts) = self.set.get(name) {
            return texts.clone();
        }
        match name {
            "scheme" => Some(one(if self.tls { "https" } else { "http" })),
            "https" => Some(one(if self.tls { "on" } else { "" })),
            // As a text of its own it is whatever the client says.
            "host" if depth > 0 => self.hosts.clone(),
            _ => self.mapped(name, depth + 1),
        }
    }

    /// The block that gives a variable its value, where no `set` does.
    fn definer(&self, name: &str) -> Option<&'d Directive> {
        let name = name.trim_matches(['$', '{', '}']).to_ascii_lowercase();
        if self.set.contains_key(&name) || self.captured.contains(&name) {
            return None;
        }
        let defines = |it: &&&Directive| {
            let written = it.words.last().map_or("", String::as_str);
            written.trim_start_matches('$').eq_ignore_ascii_case(&name)
        };
        self.definers.iter().rfind(defines).copied()
    }

    fn is_set(&self, part: &Part<'_>) -> bool {
        matches!(part, Part::Variable { name, .. } if self.set.contains_key(&name.to_ascii_lowercase()))
    }

    /// The texts of a `map`: of its entries those that can be chosen.
    fn mapped(&self, name: &str, depth: usize) -> Texts {
        let map = self
            .definer(name)
            .filter(|it| it.name == "map" && it.words.len() == 2)?;
        let entries: Vec<_> = map.inner().iter().filter(|it| !is_option(it)).collect();
        // NGINX keeps what a map gave first, whatever `set` does later.
        let words = entries.iter().map(|it| it.word()).chain([map.word()]);
        if words.flat_map(parts).any(|part| self.is_set(&part)) {
            return None;
        }
        let exact = !entries.iter().any(|it| is_wide(&it.name))
            && !map.inner().iter().any(|it| it.name == "hostnames");
        let keys = self.texts(map.word(), depth).filter(|_| exact);
        let values = match keys {
            Some(keys) => keys.iter().map(|key| chosen(&entries, key)).collect(),
            None => entries
                .iter()
                .map(|it| it.word())
                .chain(fallback(&entries))
                .collect::<BTreeSet<_>>(),
        };
        let mut all = BTreeSet::new();
        for value in values {
            all.append(&mut self.texts(value, depth)?);
        }
        Some(all).filter(|all| all.len() <= MOST)
    }
}

fn one(text: &str) -> BTreeSet<String> {
    BTreeSet::from([text.to_owned()])
}

/// Parameters and files of a `map` that are no entries.
fn is_option(directive: &Directive) -> bool {
    let bare =
        directive.words.is_empty() && matches!(directive.name.as_str(), "hostnames" | "volatile");
    bare || directive.name == "include"
}

/// Whether a key of a `map` stands for several texts.
fn is_wide(key: &str) -> bool {
    key.starts_with('~')
}

fn chosen<'d>(entries: &[&'d Directive], key: &str) -> &'d str {
    let is = |it: &&&Directive| {
        it.name != "default"
            && it
                .name
                .strip_prefix('\\')
                .unwrap_or(&it.name)
                .eq_ignore_ascii_case(key)
    };
    match entries.iter().find(is) {
        Some(entry) => entry.word(),
        None => entries
            .iter()
            .find(|it| it.name == "default")
            .map_or("", |it| it.word()),
    }
}

/// The empty text that a `map` without `default` gives.
fn fallback(entries: &[&Directive]) -> Option<&'static str> {
    let has = entries.iter().any(|it| it.name == "default");
    (!has).then_some("")
}

#[cfg(test)]
mod tests;

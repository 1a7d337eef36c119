//! The values that a variable can have at a place, as far as the files alone decide it.
//!
//! NGINX executes the `set` and `if` of a server, then those of the location, in their order. A
//! variable that only these and `map` decide has a few possible values; every other one is open.

use std::collections::{BTreeMap, BTreeSet};

use self::{recipe::Map, text::Part};
use super::inheritance::Inheritance;
use crate::nginx::read::directive::Directive;

mod condition;
mod recipe;
mod source;
mod text;

/// All possible values of an expression; none where a request decides it.
type Values = Option<BTreeSet<String>>;

/// The largest number of values of a variable that are followed.
const MAX_VALUES: usize = 64;
/// Blocks that give a variable a value.
const DEFINING_BLOCKS: [&str; 3] = ["map", "geo", "split_clients"];
/// The longest chain of maps that is followed.
const MAX_DEPTH: usize = 8;

/// The variables of one server or location, after all directives that set them.
#[derive(Clone, Debug)]
pub(crate) struct Variables<'d> {
    set: BTreeMap<String, Values>,
    /// `map`, `geo` and `split_clients`; the last one of a variable counts.
    definitions: Vec<&'d Directive>,
    /// Variables that a regular expression somewhere in the server captures.
    captured: BTreeSet<String>,
    /// The ids of `if` directives with a block that is never entered.
    never: BTreeSet<usize>,
    /// The names of the server, where no other name leads to it.
    hosts: Values,
    tls: bool,
}

/// The truth of a condition over all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Always,
    Never,
    Sometimes,
}

impl<'d> Variables<'d> {
    /// Evaluates the directives of these levels; `tls` where hubgate serves them over TLS.
    pub(crate) fn evaluate(levels: &Inheritance<'d>, tls: bool) -> Self {
        let definitions = levels
            .http_directives()
            .filter(|directive| DEFINING_BLOCKS.contains(&directive.name.as_str()));
        let mut variables = Self {
            set: BTreeMap::new(),
            definitions: definitions.collect(),
            captured: levels.captured_variables(),
            never: BTreeSet::new(),
            hosts: levels.exact_server_names(),
            tls,
        };
        levels
            .executed()
            .for_each(|directive| variables.execute(directive));
        variables
    }

    /// Returns the value of an expression that has one possible value only.
    pub(crate) fn fixed(&self, expression: &str) -> Option<String> {
        let values = self.values(expression, 0)?;
        match values.len() {
            1 => values.into_iter().next(),
            _ => None,
        }
    }

    /// Replaces each variable that has one possible value only.
    pub(crate) fn resolve(&self, expression: &str) -> String {
        let resolved = Part::parse(expression).into_iter().map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Variable { name, written } => {
                let fixed = self.fixed(&format!("${{{name}}}"));
                fixed.unwrap_or_else(|| written.to_owned())
            }
        });
        resolved.collect()
    }

    /// Reports whether the block of this `if` is never entered.
    pub(crate) fn is_never(&self, directive: &Directive) -> bool {
        self.never.contains(&directive.id)
    }

    fn execute(&mut self, directive: &'d Directive) {
        match (directive.name.as_str(), directive.parameters.as_slice()) {
            ("set", [name, value]) => {
                let values = self.values(value, 0);
                self.assign(name, values);
            }
            ("if", _) => self.branch(directive),
            _ => {}
        }
    }

    fn assign(&mut self, name: &str, values: Values) {
        let name = name.trim_start_matches('$').to_ascii_lowercase();
        self.set.insert(name, values);
    }

    fn branch(&mut self, directive: &'d Directive) {
        let truth = self.truth(directive);
        if truth == Truth::Never {
            self.never.insert(directive.id);
            return;
        }
        let before = self.set.clone();
        let block = directive.children().iter();
        block.for_each(|directive| self.execute(directive));
        if truth == Truth::Sometimes {
            self.join(&before);
        }
    }

    /// Adds the values that the variables have if a block is not entered.
    fn join(&mut self, before: &BTreeMap<String, Values>) {
        for (name, values) in &mut self.set {
            let other = before.get(name).cloned().flatten();
            *values = values
                .take()
                .zip(other)
                .map(|(some, others)| &some | &others);
        }
    }

    fn truth(&self, directive: &Directive) -> Truth {
        let comparison = self.comparison(directive);
        let values = comparison
            .as_ref()
            .and_then(|comparison| self.values(&comparison.variable, 1));
        let (Some(comparison), Some(values)) = (comparison, values) else {
            return Truth::Sometimes;
        };
        let (holding, failing): (Vec<_>, Vec<_>) =
            values.iter().partition(|value| comparison.holds(value));
        match (holding.is_empty(), failing.is_empty()) {
            (_, true) => Truth::Always,
            (true, _) => Truth::Never,
            _ => Truth::Sometimes,
        }
    }

    /// Returns all possible values of an expression.
    fn values(&self, expression: &str, depth: usize) -> Values {
        let mut all = BTreeSet::from([String::new()]);
        for part in Part::parse(expression) {
            let ends = match part {
                Part::Text(text) => BTreeSet::from([text.to_owned()]),
                Part::Variable { name, .. } => self.variable(&name.to_ascii_lowercase(), depth)?,
            };
            let joined = all
                .iter()
                .flat_map(|begin| ends.iter().map(move |end| format!("{begin}{end}")));
            all = joined.collect();
            if all.len() > MAX_VALUES {
                return None;
            }
        }
        Some(all)
    }

    fn variable(&self, name: &str, depth: usize) -> Values {
        if depth > MAX_DEPTH || self.captured.contains(name) {
            return None;
        }
        if let Some(values) = self.set.get(name) {
            return values.clone();
        }
        let text = match name {
            "scheme" if self.tls => "https",
            "scheme" => "http",
            "https" if self.tls => "on",
            "https" => "",
            // Outside of a comparison or a map, the request decides the host.
            "host" if depth > 0 => return self.hosts.clone(),
            _ => return self.mapped(name, depth + 1),
        };
        Some(BTreeSet::from([text.to_owned()]))
    }

    /// Returns the block that gives a variable its value, where no `set` does.
    fn definition(&self, name: &str) -> Option<&'d Directive> {
        let name = name.trim_matches(['$', '{', '}']).to_ascii_lowercase();
        if self.set.contains_key(&name) || self.captured.contains(&name) {
            return None;
        }
        let defines = |directive: &&&Directive| {
            let written = directive.parameters.last().map_or("", String::as_str);
            written.trim_start_matches('$').eq_ignore_ascii_case(&name)
        };
        self.definitions.iter().rfind(defines).copied()
    }

    fn is_set(&self, part: &Part<'_>) -> bool {
        matches!(part, Part::Variable { name, .. } if self.set.contains_key(&name.to_ascii_lowercase()))
    }

    /// Returns the values of a `map`: those of the entries that can be chosen.
    fn mapped(&self, name: &str, depth: usize) -> Values {
        let map = Map::new(self.definition(name)?)?;
        // NGINX keeps the first value of a map, whatever `set` does later.
        let mut parts = map.expressions().flat_map(Part::parse);
        if parts.any(|part| self.is_set(&part)) {
            return None;
        }
        let keys = self
            .values(map.source, depth)
            .filter(|_| map.has_exact_keys());
        let values = match keys {
            Some(keys) => keys.iter().map(|key| map.value(key)).collect(),
            None => map.all_values(),
        };
        let mut all = BTreeSet::new();
        for value in values {
            all.append(&mut self.values(value, depth)?);
        }
        Some(all).filter(|all| all.len() <= MAX_VALUES)
    }
}

#[cfg(test)]
mod tests;

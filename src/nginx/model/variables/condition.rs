//! An `if` that compares one variable.

use super::Variables;
use crate::nginx::read::directive::Directive;

/// A comparison of one variable with a text.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) variable: String,
    operator: Operator,
}

#[derive(Clone, Debug)]
enum Operator {
    /// Neither empty nor `0`.
    IsTrue,
    Equals(String),
    Differs(String),
}

impl Comparison {
    /// Reports whether the condition holds for this value of the variable.
    pub(crate) fn holds(&self, value: &str) -> bool {
        match &self.operator {
            Operator::IsTrue => !matches!(value, "" | "0"),
            Operator::Equals(text) => value == text,
            Operator::Differs(text) => value != text,
        }
    }
}

impl Variables<'_> {
    /// Parses the condition of an `if`, where it tests a variable alone or against a fixed text.
    pub(crate) fn comparison(&self, directive: &Directive) -> Option<Comparison> {
        let words = directive.condition_words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let (variable, operator) = match words.as_slice() {
            [variable] => (variable, Operator::IsTrue),
            [variable, "=", value] => (variable, Operator::Equals(self.fixed(value)?)),
            [variable, "!=", value] => (variable, Operator::Differs(self.fixed(value)?)),
            _ => return None,
        };
        let variable = Some(variable).filter(|name| name.starts_with('$'))?;
        Some(Comparison {
            variable: (*variable).to_owned(),
            operator,
        })
    }
}

impl Directive {
    /// Returns the words between the parentheses of an `if`.
    fn condition_words(&self) -> Vec<String> {
        let mut words = self.parameters.clone();
        if let Some(first) = words.first_mut() {
            *first = first.strip_prefix('(').unwrap_or(first).to_owned();
        }
        if let Some(last) = words.last_mut() {
            *last = last.strip_suffix(')').unwrap_or(last).to_owned();
        }
        // A parenthesis that stands alone is no word.
        let ends = [0, words.len().saturating_sub(1)];
        let is_parenthesis =
            |nth: usize| ends.contains(&nth) && matches!(self.parameters[nth].as_str(), "(" | ")");
        let kept = words
            .into_iter()
            .enumerate()
            .filter(|(nth, _)| !is_parenthesis(*nth));
        kept.map(|(_, word)| word).collect()
    }
}

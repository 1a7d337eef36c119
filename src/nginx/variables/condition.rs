//! The condition of an `if` that compares one variable.

use super::{super::directive::Directive, Variables};

/// A condition on one variable.
#[derive(Clone, Debug)]
pub(in super::super) struct Test {
    pub(in super::super) variable: String,
    sign: Sign,
}

#[derive(Clone, Debug)]
enum Sign {
    Set,
    Is(String),
    IsNot(String),
}

impl Test {
    /// Whether it is true where the variable has this text.
    pub(in super::super) fn holds(&self, text: &str) -> bool {
        match &self.sign {
            Sign::Set => !matches!(text, "" | "0"),
            Sign::Is(value) => text == value,
            Sign::IsNot(value) => text != value,
        }
    }
}

impl Variables<'_> {
    /// The condition of an `if`, where it compares a variable with a text or with nothing.
    pub(in super::super) fn test(&self, directive: &Directive) -> Option<Test> {
        let words = condition(directive);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let (variable, sign) = match words.as_slice() {
            [variable] => (variable, Sign::Set),
            [variable, "=", value] => (variable, Sign::Is(self.fixed(value)?)),
            [variable, "!=", value] => (variable, Sign::IsNot(self.fixed(value)?)),
            _ => return None,
        };
        let variable = Some((*variable).to_owned()).filter(|it| it.starts_with('$'))?;
        Some(Test { variable, sign })
    }
}

/// The words between the parentheses of an `if`.
fn condition(directive: &Directive) -> Vec<String> {
    let mut words = directive.words.clone();
    if let Some(first) = words.first_mut() {
        *first = first.strip_prefix('(').unwrap_or(first).to_owned();
    }
    if let Some(last) = words.last_mut() {
        *last = last.strip_suffix(')').unwrap_or(last).to_owned();
    }
    // A parenthesis that stands alone is no word.
    let ends = [0, words.len().saturating_sub(1)];
    let alone =
        |nth: usize| ends.contains(&nth) && matches!(directive.words[nth].as_str(), "(" | ")");
    let kept = words
        .into_iter()
        .enumerate()
        .filter(|(nth, _)| !alone(*nth));
    kept.map(|(_, word)| word).collect()
}

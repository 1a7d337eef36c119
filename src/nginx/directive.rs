//! A directive where it stands: its name, its words, and the block it may open.

use std::{fmt, path::Path, sync::Arc};

/// A place in a file, told as `FILE:LINE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file as it was named or included.
    pub file: Arc<Path>,
    /// From 1.
    pub line: usize,
}

/// One directive; those of an included file stand where the `include` stood.
#[derive(Clone, Debug)]
pub(super) struct Directive {
    /// Different for each directive of an import.
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) words: Vec<String>,
    /// What stands between its braces, if it has any.
    pub(super) block: Option<Vec<Directive>>,
    pub(super) at: At,
}

impl Directive {
    /// What stands in its block.
    pub(super) fn inner(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }

    /// Its first word; empty without one.
    pub(super) fn word(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Whether its first word is this switch, which NGINX takes in any case.
    pub(super) fn is(&self, switch: &str) -> bool {
        self.word().eq_ignore_ascii_case(switch)
    }

    /// All its words as one text.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }

    /// Whether it depends on a variable.
    pub(super) fn has_variable(&self) -> bool {
        self.words.iter().any(|word| word.contains('$'))
    }

    /// It and all that stands in it, in the order of the files.
    pub(super) fn walk<'d>(&'d self, visit: &mut impl FnMut(&'d Self)) {
        visit(self);
        self.inner().iter().for_each(|inner| inner.walk(visit));
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.words.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

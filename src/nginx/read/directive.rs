//! A directive of NGINX with its position in a file, its parameters and its block.

use std::{fmt, path::Path, sync::Arc};

/// A position in a file, displayed as `FILE:LINE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Path of the file, translated by `Files::resolve`.
    pub file: Arc<Path>,
    /// The line, counted from 1.
    pub line: usize,
}

/// One directive; those of an included file stand after the `include`, in the same block.
#[derive(Clone, Debug)]
pub(crate) struct Directive {
    /// A number that is unique within an import.
    pub(crate) id: usize,
    pub(crate) name: String,
    pub(crate) parameters: Vec<String>,
    /// The directives between the braces of a block directive.
    pub(crate) block: Option<Vec<Directive>>,
    pub(crate) at: Position,
}

impl Directive {
    /// Returns the directives of its block; empty for a simple directive.
    pub(crate) fn children(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }

    /// Returns its first parameter; empty without one.
    pub(crate) fn parameter(&self) -> &str {
        self.parameters.first().map_or("", String::as_str)
    }

    /// Reports whether its first parameter is `value`; ignores case, as NGINX does for `on` and
    /// `off`.
    pub(crate) fn parameter_is(&self, value: &str) -> bool {
        self.parameter().eq_ignore_ascii_case(value)
    }

    /// Returns all its parameters, separated by spaces.
    pub(crate) fn joined_parameters(&self) -> String {
        self.parameters.join(" ")
    }

    /// Reports whether a parameter contains a variable.
    pub(crate) fn has_variable(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| parameter.contains('$'))
    }

    /// Visits the directive and all directives within it, in the order of the files.
    pub(crate) fn walk<'d>(&'d self, visit: &mut impl FnMut(&'d Self)) {
        visit(self);
        self.children().iter().for_each(|child| child.walk(visit));
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.parameters
            .iter()
            .try_for_each(|parameter| write!(f, " {parameter}"))
    }
}

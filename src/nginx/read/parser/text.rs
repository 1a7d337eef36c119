//! The text of one file: tokens with their positions, and the parameters of a directive.

use std::{path::Path, sync::Arc};

use super::{Parsed, Unreadable};
use crate::nginx::read::{
    directive::Position,
    lexer::{Lexer, Token},
};

/// The text of one file while it is parsed.
pub(super) struct Text<'t> {
    pub(super) file: Arc<Path>,
    pub(super) lexer: Lexer<'t>,
    pub(super) depth: usize,
}

impl Text<'_> {
    pub(super) fn next(&mut self) -> Parsed<(Option<Token>, Position)> {
        let read = self.lexer.next();
        let line = match &read {
            Ok(Some((_, line))) | Err((line, _)) => *line,
            Ok(None) => 0,
        };
        let at = self.position(line);
        match read {
            Ok(token) => Ok((token.map(|(token, _)| token), at)),
            Err((_, message)) => Err(Unreadable::new(&at, message)),
        }
    }

    /// Reads the parameters of a directive, and whether a block follows.
    pub(super) fn parameters(&mut self, name: &str) -> Parsed<(Vec<String>, bool)> {
        let mut words = Vec::new();
        loop {
            match self.next()? {
                (Some(Token::Word(word)), _) => words.push(word),
                (Some(Token::End), _) => return Ok((words, false)),
                (Some(Token::Open), _) => return Ok((words, true)),
                (Some(Token::Close), at) => {
                    let message = format!("`{name}` is not ended: add a `;` before the `}}`");
                    return Err(Unreadable::new(&at, message));
                }
                (None, _) => {
                    let message = format!("the file ends within `{name}`: add a `;`");
                    return Err(Unreadable::new(&self.position(1), message));
                }
            }
        }
    }

    fn position(&self, line: usize) -> Position {
        Position {
            file: self.file.clone(),
            line,
        }
    }
}

/// Refuses blocks that contain program code instead of directives.
pub(super) fn refuse_code(name: &str, at: &Position) -> Parsed<()> {
    if name.ends_with("_by_lua_block") || name.starts_with("perl_") {
        let message = format!(
            "`{name}` is program code that may decide about access: remove it, and write the access rule into proxy.yaml"
        );
        return Err(Unreadable::new(at, message));
    }
    Ok(())
}

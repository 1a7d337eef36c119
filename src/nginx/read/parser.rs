//! Parses files into a tree of directives and follows `include`, with limits in every direction.

mod text;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use self::text::{Text, refuse_code};
use super::{
    directive::{Directive, Position},
    files::{Files, Glob},
    lexer::{Lexer, Token},
};

/// The deepest nesting of blocks and of includes.
const MAX_DEPTH: usize = 32;
/// The largest number of directives in an import.
const MAX_DIRECTIVES: usize = 50_000;
/// The largest number of files in an import.
const MAX_FILES: usize = 500;
/// Directives whose parameter is a file, relative to the folder of nginx.conf.
const FILE_DIRECTIVES: [&str; 5] = [
    "auth_basic_user_file",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_crl",
];

/// A file that cannot be parsed as NGINX's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct Unreadable {
    at: Position,
    message: String,
}

/// Parses files together with the files that they include.
pub(crate) struct Parser<'f> {
    files: &'f dyn Files,
    /// The folder to which relative paths of `include` refer.
    folder: PathBuf,
    directives: usize,
    files_read: usize,
}

type Parsed<T> = Result<T, Unreadable>;

impl Unreadable {
    fn new(at: &Position, message: impl Into<String>) -> Self {
        Self {
            at: at.clone(),
            message: message.into(),
        }
    }
}

impl<'f> Parser<'f> {
    /// Creates a parser that has read no file yet.
    pub(crate) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            folder: PathBuf::new(),
            directives: 0,
            files_read: 0,
        }
    }

    /// Parses a file whose includes are relative to `folder`.
    ///
    /// # Errors
    /// Fails at the first file that cannot be read or parsed, and at an exceeded limit.
    pub(crate) fn parse(&mut self, path: &Path, folder: &Path) -> Parsed<Vec<Directive>> {
        folder.clone_into(&mut self.folder);
        self.file(path, None, 0)
    }

    fn file(
        &mut self,
        path: &Path,
        from: Option<&Position>,
        depth: usize,
    ) -> Parsed<Vec<Directive>> {
        let file: Arc<Path> = self.files.resolve(path).into();
        let begin = Position {
            file: file.clone(),
            line: 1,
        };
        let at = from.unwrap_or(&begin);
        self.files_read += 1;
        if depth > MAX_DEPTH || self.files_read > MAX_FILES {
            return Err(Unreadable::new(
                at,
                "includes without end: remove the file that includes itself",
            ));
        }
        let text = self.files.read(path).map_err(|error| {
            Unreadable::new(at, format!("cannot read {}: {error}", path.display()))
        })?;
        let lexer = Lexer::new(&text);
        let mut directives = Vec::new();
        self.block(&mut Text { file, lexer, depth }, None, &mut directives)?;
        Ok(directives)
    }

    /// Parses directives up to the end of the block that began at `opened`, or of the file.
    fn block(
        &mut self,
        text: &mut Text<'_>,
        opened: Option<&Position>,
        into: &mut Vec<Directive>,
    ) -> Parsed<()> {
        loop {
            let (token, at) = text.next()?;
            let (at, message) = match (token, opened) {
                (Some(Token::Word(name)), _) => {
                    self.directive(text, name, at, into)?;
                    continue;
                }
                (Some(Token::Close), Some(_)) | (None, None) => return Ok(()),
                (Some(Token::Close), None) => (&at, "a `}` that closes no block: remove it"),
                (None, Some(opened)) => (opened, "a `{` that is never closed: add a `}`"),
                (Some(_), _) => (&at, "a directive without a name: NGINX would refuse it"),
            };
            return Err(Unreadable::new(at, message));
        }
    }

    fn directive(
        &mut self,
        text: &mut Text<'_>,
        name: String,
        at: Position,
        into: &mut Vec<Directive>,
    ) -> Parsed<()> {
        refuse_code(&name, &at)?;
        self.directives += 1;
        if self.directives > MAX_DIRECTIVES {
            let message = format!("more than {MAX_DIRECTIVES} directives: import fewer files");
            return Err(Unreadable::new(&at, message));
        }
        let (mut parameters, opens) = text.parameters(&name)?;
        if FILE_DIRECTIVES.contains(&name.as_str()) {
            parameters
                .iter_mut()
                .for_each(|parameter| self.complete(parameter));
        }
        let id = self.directives;
        let mut directive = Directive {
            id,
            name,
            parameters,
            block: None,
            at,
        };
        if opens {
            directive.block = Some(self.children(text, &directive.at)?);
        }
        let included = match directive.name.as_str() {
            "include" if !opens => self.include(&directive, text.depth)?,
            _ => Vec::new(),
        };
        into.push(directive);
        into.extend(included);
        Ok(())
    }

    /// Makes a path absolute, as `ngx_conf_full_name` does; an empty one and one that names no file
    /// stay.
    fn complete(&self, parameter: &mut String) {
        if parameter.is_empty()
            || parameter.starts_with("data:")
            || parameter.starts_with("engine:")
        {
            return;
        }
        let whole = std::path::absolute(self.folder.join(&*parameter)).ok();
        let whole = whole.map(|path| self.files.resolve(&path));
        let whole = whole.and_then(|path| path.into_os_string().into_string().ok());
        if let Some(whole) = whole {
            *parameter = whole;
        }
    }

    fn children(&mut self, text: &mut Text<'_>, at: &Position) -> Parsed<Vec<Directive>> {
        if text.depth >= MAX_DEPTH {
            let message = format!("blocks are nested more than {MAX_DEPTH} deep: remove some");
            return Err(Unreadable::new(at, message));
        }
        let mut block = Vec::new();
        text.depth += 1;
        self.block(text, Some(at), &mut block)?;
        text.depth -= 1;
        Ok(block)
    }

    fn include(&mut self, directive: &Directive, depth: usize) -> Parsed<Vec<Directive>> {
        let path = self.folder.join(directive.parameter());
        let paths = match Glob::is_glob(directive.parameter()) {
            true => self.files.matching(&path),
            false => vec![path],
        };
        let mut included = Vec::new();
        for path in paths {
            included.extend(self.file(&path, Some(&directive.at), depth + 1)?);
        }
        Ok(included)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx::read::files::InMemory;

    fn parse(files: &[(&str, &str)]) -> Parsed<Vec<Directive>> {
        let files = files
            .iter()
            .map(|(path, text)| (path.into(), (*text).to_owned()));
        let files = InMemory(files.collect());
        Parser::new(&files).parse(Path::new("/e/nginx.conf"), Path::new("/e"))
    }

    fn refused(text: &str) -> String {
        parse(&[("/e/nginx.conf", text)]).unwrap_err().to_string()
    }

    #[test]
    fn included_directives_follow_their_include_and_keep_their_position() {
        let files = [
            ("/e/nginx.conf", "a;\nhttp {\n include s/*;\n b 1 2;\n}"),
            ("/e/s/two", "\nd { e; }"),
            ("/e/s/one", "c;"),
        ];
        let parsed = parse(&files).unwrap();
        let line = |directive: &Directive| format!("{directive} {}", directive.at);
        let children: Vec<_> = parsed[1].children().iter().map(line).collect();
        assert_eq!(
            children,
            [
                "include s/* /e/nginx.conf:3",
                "c /e/s/one:1",
                "d /e/s/two:2",
                "b 1 2 /e/nginx.conf:4"
            ]
        );
    }

    #[test]
    fn paths_of_included_files_are_relative_to_the_folder_of_nginx_conf() {
        let files = [
            ("/e/nginx.conf", "include s/one;"),
            (
                "/e/s/one",
                "ssl_certificate ~/a.pem; auth_basic_user_file /p; ssl_crl ''; \
                 ssl_certificate_key data:$key; root html;",
            ),
        ];
        let parsed = parse(&files).unwrap();
        let words: Vec<_> = parsed.iter().map(Directive::parameter).collect();
        assert_eq!(
            words,
            ["s/one", "/e/~/a.pem", "/p", "", "data:$key", "html"]
        );
    }

    #[test]
    fn a_missing_file_is_reported_at_its_include_and_a_pattern_may_match_no_file() {
        assert!(refused("\ninclude x;").starts_with("/e/nginx.conf:2: cannot read /e/x: "));
        assert!(parse(&[("/e/nginx.conf", "include x*;")]).is_ok());
    }

    #[test]
    fn endless_includes_nesting_and_directives_are_refused() {
        assert!(refused("include nginx.conf;").contains("without end"));
        assert!(refused(&"a {".repeat(10_000)).contains("nested more than"));
        assert!(refused(&"a;".repeat(MAX_DIRECTIVES + 1)).contains("more than"));
    }

    #[test]
    fn a_syntax_error_is_reported_with_its_position_and_the_correction() {
        assert_eq!(
            refused("a;\n}"),
            "/e/nginx.conf:2: a `}` that closes no block: remove it"
        );
        assert!(refused("\na {\n").starts_with("/e/nginx.conf:2: a `{` that is never"));
        assert!(refused("a { b }").contains("add a `;` before"));
        assert!(refused("a b").contains("ends within `a`"));
        assert!(refused(";").contains("without a name"));
        assert!(refused("access_by_lua_block { x }").contains("is program code"));
    }
}

//! The tree of directives, `include` followed; bounded in every direction.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    directive::{At, Directive},
    files::{self, Files},
    lexer::{Lexer, Token},
};

/// Blocks and files within each other at most.
const DEEPEST: usize = 32;
/// Directives of an import at most.
const MOST: usize = 50_000;
/// Files of an import at most.
const FILES: usize = 500;
/// Directives that name a file, relative to the folder of nginx.conf.
const NAMING_FILES: [&str; 5] = [
    "auth_basic_user_file",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_crl",
];

/// Why a file cannot be read as NGINX's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct Unreadable {
    at: At,
    message: String,
}

/// Reads files with all that they include.
pub(super) struct Parser<'f> {
    files: &'f dyn Files,
    /// What relative paths of `include` begin at.
    folder: PathBuf,
    directives: usize,
    read: usize,
}

/// One file being read.
struct Text<'t> {
    file: Arc<Path>,
    lexer: Lexer<'t>,
    depth: usize,
}

type Parsed<T> = Result<T, Unreadable>;

impl<'f> Parser<'f> {
    /// A reader that has read nothing yet.
    pub(super) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            folder: PathBuf::new(),
            directives: 0,
            read: 0,
        }
    }

    /// The directives of a file whose includes are relative to the folder.
    pub(super) fn root(&mut self, path: &Path, folder: &Path) -> Parsed<Vec<Directive>> {
        folder.clone_into(&mut self.folder);
        self.file(path, None, 0)
    }

    fn file(&mut self, path: &Path, from: Option<&At>, depth: usize) -> Parsed<Vec<Directive>> {
        let file: Arc<Path> = self.files.place(path).into();
        let begin = At {
            file: file.clone(),
            line: 1,
        };
        let at = from.unwrap_or(&begin);
        self.read += 1;
        if depth > DEEPEST || self.read > FILES {
            return fault(
                at,
                "includes without end: remove the file that includes itself",
            );
        }
        let text = match self.files.read(path) {
            Ok(text) => text,
            Err(error) => return fault(at, format!("cannot read {}: {error}", path.display())),
        };
        let lexer = Lexer::new(&text);
        let mut directives = Vec::new();
        self.block(&mut Text { file, lexer, depth }, None, &mut directives)?;
        Ok(directives)
    }

    /// Reads directives up to the end of the block that began at `opened`, or of the file.
    fn block(
        &mut self,
        text: &mut Text<'_>,
        opened: Option<&At>,
        into: &mut Vec<Directive>,
    ) -> Parsed<()> {
        loop {
            let (token, at) = text.next()?;
            let name = match (token, opened) {
                (Some(Token::Word(name)), _) => name,
                (Some(Token::Close), Some(_)) | (None, None) => return Ok(()),
                (Some(Token::Close), None) => {
                    return fault(&at, "a `}` that closes nothing: remove it");
                }
                (None, Some(opened)) => {
                    return fault(opened, "a `{` that is never closed: add a `}`");
                }
                (Some(_), _) => {
                    return fault(&at, "a directive without a name: NGINX would refuse it");
                }
            };
            self.directive(text, name, at, into)?;
        }
    }

    fn directive(
        &mut self,
        text: &mut Text<'_>,
        name: String,
        at: At,
        into: &mut Vec<Directive>,
    ) -> Parsed<()> {
        refuse_code(&name, &at)?;
        self.directives += 1;
        if self.directives > MOST {
            return fault(
                &at,
                format!("more than {MOST} directives: import fewer files"),
            );
        }
        let (mut words, opens) = text.words(&name)?;
        if NAMING_FILES.contains(&name.as_str()) {
            words.iter_mut().for_each(|word| self.complete(word));
        }
        let id = self.directives;
        let mut directive = Directive {
            id,
            name,
            words,
            block: None,
            at,
        };
        if opens {
            directive.block = Some(self.inner(text, &directive.at)?);
        }
        let included = match directive.name.as_str() {
            "include" if !opens => self.include(&directive, text.depth)?,
            _ => Vec::new(),
        };
        into.push(directive);
        into.extend(included);
        Ok(())
    }

    /// Makes a path whole, as `ngx_conf_full_name` does; an empty one and what is in no file stay.
    fn complete(&self, word: &mut String) {
        if word.is_empty() || word.starts_with("data:") || word.starts_with("engine:") {
            return;
        }
        let whole = std::path::absolute(self.folder.join(&*word)).ok();
        let whole = whole.map(|path| self.files.place(&path));
        let whole = whole.and_then(|path| path.into_os_string().into_string().ok());
        if let Some(whole) = whole {
            *word = whole;
        }
    }

    fn inner(&mut self, text: &mut Text<'_>, at: &At) -> Parsed<Vec<Directive>> {
        if text.depth >= DEEPEST {
            return fault(
                at,
                format!("blocks within each other {DEEPEST} deep: remove some"),
            );
        }
        let mut block = Vec::new();
        text.depth += 1;
        self.block(text, Some(at), &mut block)?;
        text.depth -= 1;
        Ok(block)
    }

    fn include(&mut self, directive: &Directive, depth: usize) -> Parsed<Vec<Directive>> {
        let path = self.folder.join(directive.word());
        let paths = match files::is_pattern(directive.word()) {
            true => files::matching(self.files, &path),
            false => vec![path],
        };
        let mut included = Vec::new();
        for path in paths {
            included.extend(self.file(&path, Some(&directive.at), depth + 1)?);
        }
        Ok(included)
    }
}

impl Text<'_> {
    fn next(&mut self) -> Parsed<(Option<Token>, At)> {
        let read = self.lexer.next();
        let line = match &read {
            Ok(Some((_, line))) | Err((line, _)) => *line,
            Ok(None) => 0,
        };
        let at = At {
            file: self.file.clone(),
            line,
        };
        match read {
            Ok(token) => Ok((token.map(|(token, _)| token), at)),
            Err((_, message)) => fault(&at, message),
        }
    }

    /// The words of a directive, and whether a block follows.
    fn words(&mut self, name: &str) -> Parsed<(Vec<String>, bool)> {
        let mut words = Vec::new();
        loop {
            match self.next()? {
                (Some(Token::Word(word)), _) => words.push(word),
                (Some(Token::End), _) => return Ok((words, false)),
                (Some(Token::Open), _) => return Ok((words, true)),
                (Some(Token::Close), at) => {
                    return fault(
                        &at,
                        format!("`{name}` is not ended: add a `;` before the `}}`"),
                    );
                }
                (None, _) => {
                    let at = At {
                        file: self.file.clone(),
                        line: 1,
                    };
                    return fault(&at, format!("the file ends within `{name}`: add a `;`"));
                }
            }
        }
    }
}

/// What stands in these blocks is a program, not directives.
fn refuse_code(name: &str, at: &At) -> Parsed<()> {
    if name.ends_with("_by_lua_block") || name.starts_with("perl_") {
        return fault(
            at,
            format!(
                "`{name}` is a program, and may decide who enters: remove it, and say in proxy.yaml who may"
            ),
        );
    }
    Ok(())
}

fn fault<T>(at: &At, message: impl Into<String>) -> Parsed<T> {
    Err(Unreadable {
        at: at.clone(),
        message: message.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::files::Memory, *};

    fn read(files: &[(&str, &str)]) -> Parsed<Vec<Directive>> {
        let files = files
            .iter()
            .map(|(path, text)| (path.into(), (*text).to_owned()));
        let files = Memory(files.collect());
        Parser::new(&files).root(Path::new("/e/nginx.conf"), Path::new("/e"))
    }

    fn refused(text: &str) -> String {
        read(&[("/e/nginx.conf", text)]).unwrap_err().to_string()
    }

    #[test]
    fn included_directives_stand_where_the_include_stood_and_keep_their_place() {
        let files = [
            ("/e/nginx.conf", "a;\nhttp {\n include s/*;\n b 1 2;\n}"),
            ("/e/s/two", "\nd { e; }"),
            ("/e/s/one", "c;"),
        ];
        let read = read(&files).unwrap();
        let told = |it: &Directive| format!("{it} {}", it.at);
        let inner: Vec<_> = read[1].inner().iter().map(told).collect();
        assert_eq!(
            inner,
            [
                "include s/* /e/nginx.conf:3",
                "c /e/s/one:1",
                "d /e/s/two:2",
                "b 1 2 /e/nginx.conf:4"
            ]
        );
    }

    #[test]
    fn paths_are_relative_to_the_folder_of_nginx_conf_wherever_they_stand() {
        let files = [
            ("/e/nginx.conf", "include s/one;"),
            (
                "/e/s/one",
                "ssl_certificate ~/a.pem; auth_basic_user_file /p; ssl_crl ''; \
                 ssl_certificate_key data:$key; root html;",
            ),
        ];
        let read = read(&files).unwrap();
        let words: Vec<_> = read.iter().map(Directive::word).collect();
        assert_eq!(
            words,
            ["s/one", "/e/~/a.pem", "/p", "", "data:$key", "html"]
        );
    }

    #[test]
    fn a_missing_file_is_told_where_it_is_included_but_a_pattern_may_fit_nothing() {
        assert!(refused("\ninclude x;").starts_with("/e/nginx.conf:2: cannot read /e/x: "));
        assert!(read(&[("/e/nginx.conf", "include x*;")]).is_ok());
    }

    #[test]
    fn what_has_no_end_is_refused() {
        assert!(refused("include nginx.conf;").contains("without end"));
        assert!(refused(&"a {".repeat(10_000)).contains("within each other"));
        assert!(refused(&"a;".repeat(MOST + 1)).contains("more than"));
    }

    #[test]
    fn broken_files_are_told_with_place_and_cure() {
        assert_eq!(
            refused("a;\n}"),
            "/e/nginx.conf:2: a `}` that closes nothing: remove it"
        );
        assert!(refused("\na {\n").starts_with("/e/nginx.conf:2: a `{` that is never"));
        assert!(refused("a { b }").contains("add a `;` before"));
        assert!(refused("a b").contains("ends within `a`"));
        assert!(refused(";").contains("without a name"));
        assert!(refused("access_by_lua_block { x }").contains("is a program"));
    }
}

//! Words, `;`, `{` and `}`, as `ngx_conf_read_token` takes a file apart.
//!
//! A quote, `#` or `}` means something only where a word could begin; `{` ends a
//! word unless a `$` stands before it.

/// What a file is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or an argument, its quotes and escapes resolved.
    Word(String),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

/// Takes one file apart.
pub(super) struct Lexer<'t> {
    rest: &'t str,
    /// The line that `rest` begins on, from 1.
    line: usize,
    /// After a quoted word, which nothing may touch.
    closed: bool,
}

impl<'t> Lexer<'t> {
    /// Begins at the first line; a byte order mark is no part of it.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
            closed: false,
        }
    }

    /// The next token and the line that it begins on; none at the end.
    ///
    /// # Errors
    /// A quote that is not closed, or a word right behind one: the line and what is wrong.
    pub(super) fn next(&mut self) -> Result<Option<(Token, usize)>, (usize, String)> {
        let spaced = self.skip();
        let line = self.line;
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        if self.closed && !spaced && !matches!(first, ';' | '{' | ')') {
            return Err((line, format!("unexpected {first:?} after a quoted word")));
        }
        self.closed = false;
        let token = match first {
            ';' => self.sign(Token::End),
            '{' => self.sign(Token::Open),
            '}' => self.sign(Token::Close),
            '"' | '\'' => Token::Word(self.quoted(first)?),
            _ => Token::Word(self.bare()),
        };
        Ok(Some((token, line)))
    }

    /// Leaves blanks and comments behind; whether there were any.
    fn skip(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            let blank = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.advance(self.rest.len() - blank.len());
            if !self.rest.starts_with('#') || self.closed && before == self.rest.len() {
                return before != self.rest.len();
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.advance(end);
        }
    }

    fn sign(&mut self, token: Token) -> Token {
        self.advance(1);
        token
    }

    fn quoted(&mut self, quote: char) -> Result<String, (usize, String)> {
        let inside = &self.rest[1..];
        let Some(end) = unescaped(inside, |c, _| c == quote) else {
            return Err((self.line, "a quote that is never closed".into()));
        };
        self.advance(end + 2);
        self.closed = true;
        Ok(resolve(&inside[..end]))
    }

    fn bare(&mut self) -> String {
        let ends = |c: char, before: Option<char>| match c {
            ' ' | '\t' | '\r' | '\n' | ';' => true,
            '{' => before != Some('$'),
            _ => false,
        };
        let end = unescaped(self.rest, ends).unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        self.advance(end);
        resolve(word)
    }

    fn advance(&mut self, bytes: usize) {
        let (past, rest) = self.rest.split_at(bytes);
        self.line += past.matches('\n').count();
        self.rest = rest;
    }
}

/// Where the first character is that `ends` and has no backslash before it.
fn unescaped(text: &str, ends: impl Fn(char, Option<char>) -> bool) -> Option<usize> {
    let mut before = None;
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        if !escaped && ends(c, before) {
            return Some(place);
        }
        escaped = !escaped && c == '\\';
        before = (!escaped).then_some(c);
    }
    None
}

/// Resolves `\"`, `\'`, `\\`, `\t`, `\r` and `\n`; any other backslash is itself.
fn resolve(word: &str) -> String {
    let mut resolved = String::with_capacity(word.len());
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let meant = match (c, rest.peek()) {
            ('\\', Some(next @ ('"' | '\'' | '\\'))) => Some(*next),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('n')) => Some('\n'),
            _ => None,
        };
        if meant.is_some() {
            rest.next();
        }
        resolved.push(meant.unwrap_or(c));
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Token, usize)> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| lexer.next().unwrap()).collect()
    }

    fn words(text: &str) -> Vec<String> {
        let words = tokens(text)
            .into_iter()
            .filter_map(|(token, _)| match token {
                Token::Word(word) => Some(word),
                _ => None,
            });
        words.collect()
    }

    #[test]
    fn words_end_where_nginx_ends_them() {
        assert_eq!(words("a b;c{d"), ["a", "b", "c", "d"]);
        assert_eq!(words("set ${x}y {"), ["set", "${x}y"]);
        assert_eq!(words("~ ^/a{2}"), ["~", "^/a", "2}"]);
        assert_eq!(words("a#b # c\nd"), ["a#b", "d"]);
        assert_eq!(words(r#"it's a"b"#), ["it's", "a\"b"]);
    }

    #[test]
    fn quotes_and_escapes_are_resolved() {
        assert_eq!(words(r#""a; {b} # c" 'd "e"'"#), ["a; {b} # c", "d \"e\""]);
        assert_eq!(words(r#""a\"b\\c\.d" e\ f\;"#), [r#"a"b\c\.d"#, r"e\ f\;"]);
        assert_eq!(words("\"a\tb\""), ["a\tb"]);
        assert_eq!(words(r#"if ($a = "b")"#), ["if", "($a", "=", "b", ")"]);
    }

    #[test]
    fn lines_are_counted_over_comments_quotes_and_carriage_returns() {
        let text = "\u{feff}# one\r\na \"b\r\nc\"\r\n;\r\n}";
        let lines: Vec<_> = tokens(text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [2, 2, 4, 5]);
    }

    #[test]
    fn a_quote_without_end_and_a_word_behind_one_are_told_with_their_line() {
        let (line, told) = Lexer::new("\n'a b\n").next().unwrap_err();
        assert_eq!((line, told.as_str()), (2, "a quote that is never closed"));
        let mut lexer = Lexer::new("'a'b");
        lexer.next().unwrap();
        assert!(lexer.next().unwrap_err().1.contains("after a quoted word"));
    }
}

//! Splits a file into words, `;`, `{` and `}`, as `ngx_conf_read_token` of NGINX does.
//!
//! A quote, `#` or `}` is special only at the begin of a word; `{` ends a word unless it follows
//! a `$`.

/// The smallest unit of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or an argument, its quotes and escapes resolved.
    Word(String),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

/// The tokens of one file, read in order.
pub(crate) struct Lexer<'t> {
    rest: &'t str,
    /// The line on which `rest` begins, counted from 1.
    line: usize,
    /// Set after a quoted word, which a blank, `;`, `{` or `)` must follow.
    closed: bool,
}

impl<'t> Lexer<'t> {
    /// Starts at the first line, after a byte order mark.
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
            closed: false,
        }
    }

    /// Returns the next token and the line on which it begins; none at the end of the file.
    ///
    /// # Errors
    /// Fails at an unclosed quote and at a word that directly follows a quoted one, with the line
    /// and the message.
    pub(crate) fn next(&mut self) -> Result<Option<(Token, usize)>, (usize, String)> {
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
            ';' => self.symbol(Token::End),
            '{' => self.symbol(Token::Open),
            '}' => self.symbol(Token::Close),
            '"' | '\'' => Token::Word(self.quoted(first)?),
            _ => Token::Word(self.bare()),
        };
        Ok(Some((token, line)))
    }

    /// Skips blanks and comments, and reports whether there were any.
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

    fn symbol(&mut self, token: Token) -> Token {
        self.advance(1);
        token
    }

    fn quoted(&mut self, quote: char) -> Result<String, (usize, String)> {
        let inside = &self.rest[1..];
        let Some(end) = unescaped(inside, |c, _| c == quote) else {
            return Err((self.line, "a quote is not closed: close it".into()));
        };
        self.advance(end + 2);
        self.closed = true;
        Ok(unescape(&inside[..end]))
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
        unescape(word)
    }

    fn advance(&mut self, bytes: usize) {
        let (past, rest) = self.rest.split_at(bytes);
        self.line += past.matches('\n').count();
        self.rest = rest;
    }
}

/// Finds the first character that fulfils `ends` and that no backslash escapes.
fn unescaped(text: &str, ends: impl Fn(char, Option<char>) -> bool) -> Option<usize> {
    let mut before = None;
    let mut escaped = false;
    for (offset, c) in text.char_indices() {
        if !escaped && ends(c, before) {
            return Some(offset);
        }
        escaped = !escaped && c == '\\';
        before = (!escaped).then_some(c);
    }
    None
}

/// Resolves `\"`, `\'`, `\\`, `\t`, `\r` and `\n`; any other backslash stays.
fn unescape(word: &str) -> String {
    let mut resolved = String::with_capacity(word.len());
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let escaped = match (c, rest.peek()) {
            ('\\', Some(next @ ('"' | '\'' | '\\'))) => Some(*next),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('n')) => Some('\n'),
            _ => None,
        };
        if escaped.is_some() {
            rest.next();
        }
        resolved.push(escaped.unwrap_or(c));
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
    fn a_word_ends_where_nginx_ends_it() {
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
    fn an_unclosed_quote_and_a_word_behind_a_quoted_one_are_refused_with_their_line() {
        let (line, message) = Lexer::new("\n'a b\n").next().unwrap_err();
        assert_eq!(
            (line, message.as_str()),
            (2, "a quote is not closed: close it")
        );
        let mut lexer = Lexer::new("'a'b");
        lexer.next().unwrap();
        let (_, message) = lexer.next().unwrap_err();
        assert!(message.contains("after a quoted word"), "{message}");
    }
}

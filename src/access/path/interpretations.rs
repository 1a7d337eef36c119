//! The ways in which hubs are known to read one path, all of them in one pass.
//!
//! Hubs decode once or twice, take `%2f` and `%5c` for separators or not, drop
//! `;` parameters before decoding (Jetty), after it, or after the second time,
//! and merge slashes or not. Every combination is an interpretation, a bit of a
//! set. Those that have read the same so far are followed as one, part where
//! the path first makes a difference to them, and end where no rule goes on: the
//! cost is that of the differences, not of the combinations.

use super::{
    BadPath, longest_match,
    state::{Inside, Prefix, State},
    token::{self, Token},
    ways::{
        ALL, BACKSLASH, DECODED_PARAMETERS, MERGE, RAW_PARAMETERS, SLASH, Set, TWICE,
        TWICE_DECODED_PARAMETERS,
    },
};

/// What an encoded slash becomes where it is none; no rule holds it.
const DATA_SLASH: u8 = 0;

/// The interpretations of one path, and what they have come to.
pub(super) struct Interpretations<'r, R> {
    rules: &'r [R],
    /// Those that some rule still goes on for.
    live: Vec<State>,
    /// Those that have read the token at hand.
    next: Vec<State>,
    /// The rule that ended interpretations agree on.
    decided: Option<Option<usize>>,
    /// Whether two of them ended with two rules.
    ambiguous: bool,
}

// Inlined are the steps that hand a state on: the calls would cost a third of a long path's time.
impl<'r, R: AsRef<str>> Interpretations<'r, R> {
    pub(super) fn new(rules: &'r [R]) -> Self {
        let root = State {
            set: ALL,
            read: Prefix {
                rule: 0,
                length: 0,
                slash: false,
            },
            inside: Inside::None,
        };
        Self {
            rules,
            live: vec![root],
            next: Vec::with_capacity(8),
            decided: None,
            ambiguous: false,
        }
    }

    /// The rule on which all agree.
    ///
    /// # Errors
    /// [`BadPath::Ambiguous`] when they do not.
    pub(super) fn decide(mut self, path: &[u8]) -> Result<Option<usize>, BadPath> {
        let mut rest = path;
        while !self.live.is_empty() && !self.ambiguous {
            let skipped = self.skip(rest);
            if skipped.len() < rest.len() {
                rest = skipped;
                continue;
            }
            let Some((token, after)) = Token::first(rest) else {
                break;
            };
            self.read(&token);
            rest = after;
        }
        for state in std::mem::take(&mut self.live) {
            self.end(state.read, None);
        }
        match self.ambiguous {
            true => Err(BadPath::Ambiguous),
            false => Ok(self.decided.flatten()),
        }
    }

    /// Goes on to what makes a difference to one of them.
    fn skip<'p>(&self, rest: &'p [u8]) -> &'p [u8] {
        let skipped = match rest.first() {
            Some(b'/') if self.drop_slashes() => rest.iter().position(|byte| *byte != b'/'),
            Some(b';') if self.drop_slashes() && self.drop_parameters() => token::parameters(rest),
            Some(b'/' | b';') => return rest,
            _ if self.live.iter().any(|state| state.inside == Inside::None) => return rest,
            _ => token::indifferent(rest),
        };
        &rest[skipped.unwrap_or(rest.len())..]
    }

    /// Whether one more slash makes no difference.
    fn drop_slashes(&self) -> bool {
        self.live.iter().all(|state| {
            let merges = state.set & !MERGE == 0 && state.inside == Inside::None;
            merges && state.read.slash
        })
    }

    /// Whether parameters that are written plainly make no difference before a slash.
    fn drop_parameters(&self) -> bool {
        const SOME: Set = RAW_PARAMETERS | DECODED_PARAMETERS | TWICE_DECODED_PARAMETERS;
        self.live.iter().all(|state| state.set & !SOME == 0)
    }

    fn read(&mut self, token: &Token) {
        let mut live = std::mem::take(&mut self.live);
        let slash = matches!(token, Token::Raw(b'/'));
        if slash {
            live.drain(..).for_each(|state| self.stay(state.outside()));
            std::mem::swap(&mut live, &mut self.next);
        }
        for state in &live {
            match state.inside {
                Inside::Raw if !slash => self.stay(*state),
                _ => self.step(*state, token),
            }
        }
        live.clear();
        self.live = std::mem::replace(&mut self.next, live);
    }

    fn step(&mut self, state: State, token: &Token) {
        match *token {
            Token::Raw(b'/') => self.emit(state, b'/'),
            Token::Raw(b';') => {
                self.enter(state.among(RAW_PARAMETERS), Inside::Raw);
                self.parameters(state.among(!RAW_PARAMETERS));
            }
            Token::Encoded(b';') => self.parameters(state),
            Token::Encoded(b'/') => self.separator(state, SLASH, DATA_SLASH),
            Token::Encoded(b'\\') => self.separator(state, BACKSLASH, b'\\'),
            Token::Raw(byte) | Token::Encoded(byte) => self.literal(state, byte),
            Token::TwiceEncoded(byte, digits) => self.twice_encoded(state, byte, digits),
        }
    }

    /// A `;` that decoding once shows.
    #[inline(always)]
    fn parameters(&mut self, state: State) {
        if state.inside == Inside::Decoded {
            return self.stay(state);
        }
        self.enter(state.among(DECODED_PARAMETERS), Inside::Decoded);
        self.late_parameters(state.among(!DECODED_PARAMETERS));
    }

    /// A `;` that those who decode twice see at last.
    #[inline(always)]
    fn late_parameters(&mut self, state: State) {
        self.enter(state.among(TWICE_DECODED_PARAMETERS), Inside::TwiceDecoded);
        self.literal(state.among(!TWICE_DECODED_PARAMETERS), b';');
    }

    /// A byte that separates for some, and stands for `other` for the rest.
    #[inline(always)]
    fn separator(&mut self, state: State, some: Set, other: u8) {
        self.emit(state.among(some).outside(), b'/');
        self.literal(state.among(!some), other);
    }

    fn twice_encoded(&mut self, state: State, byte: u8, digits: [u8; 2]) {
        if state.inside == Inside::Decoded {
            return self.stay(state);
        }
        let twice = state.among(TWICE);
        match byte {
            b';' => self.late_parameters(twice),
            b'/' => self.separator(twice, SLASH, DATA_SLASH),
            b'\\' => self.separator(twice, BACKSLASH, b'\\'),
            byte => self.literal(twice, byte),
        }
        let [high, low] = digits;
        self.literals(state.among(!TWICE), &[b'%', high, low]);
    }

    /// A byte that is dropped inside parameters.
    #[inline(always)]
    fn literal(&mut self, state: State, byte: u8) {
        match state.inside {
            Inside::None => self.emit(state, byte),
            _ => self.stay(state),
        }
    }

    /// The same of several bytes, none of which is a slash.
    fn literals(&mut self, state: State, bytes: &[u8]) {
        if state.set == 0 || state.inside != Inside::None {
            return self.stay(state);
        }
        let mut read = state.read;
        for byte in bytes {
            let Some(longer) = self.longer(read, *byte) else {
                return self.end(read, Some(*byte));
            };
            read = longer;
        }
        self.stay(State { read, ..state });
    }

    /// A byte of the path as it is read.
    #[inline(always)]
    fn emit(&mut self, state: State, byte: u8) {
        if state.set == 0 {
            return;
        }
        if byte == b'/' && state.read.slash {
            self.stay(state.among(MERGE));
            return self.append(state.among(!MERGE), byte);
        }
        self.append(state, byte);
    }

    #[inline(always)]
    fn append(&mut self, state: State, byte: u8) {
        if state.set == 0 {
            return;
        }
        match self.longer(state.read, byte) {
            Some(read) => self.stay(State { read, ..state }),
            None => self.end(state.read, Some(byte)),
        }
    }

    #[inline(always)]
    fn enter(&mut self, state: State, inside: Inside) {
        self.stay(State { inside, ..state });
    }

    /// Goes on with the next token, together with those that are there already.
    #[inline(always)]
    fn stay(&mut self, state: State) {
        if state.set == 0 {
            return;
        }
        let alike = |other: &&mut State| other.read == state.read && other.inside == state.inside;
        match self.next.iter_mut().find(alike) {
            Some(other) => other.set |= state.set,
            None => self.next.push(state),
        }
    }

    /// Notes the decision for a path that goes on in a way that no rule does, or ends.
    fn end(&mut self, read: Prefix, next: Option<u8>) {
        let rule = longest_match(self.bytes(read), next, self.rules);
        let other = self.decided.replace(rule);
        self.ambiguous |= other.is_some_and(|other| other != rule);
    }

    /// One byte more, as long as a rule begins so.
    fn longer(&self, read: Prefix, byte: u8) -> Option<Prefix> {
        let bytes = self.bytes(read);
        let next = bytes.len();
        let rules = self.rules.iter().map(|rule| rule.as_ref().as_bytes());
        let mut rules = rules.enumerate().skip(read.rule as usize);
        let goes_on = |rule: &[u8]| rule.get(next) == Some(&byte) && rule.starts_with(bytes);
        let (rule, _) = rules.find(|(_, rule)| goes_on(rule))?;
        Some(Prefix {
            rule: u32::try_from(rule).ok()?,
            length: read.length + 1,
            slash: byte == b'/',
        })
    }

    fn bytes(&self, read: Prefix) -> &'r [u8] {
        &self.rules[read.rule as usize].as_ref().as_bytes()[..read.length as usize]
    }
}

//! All interpretations of a path by known hubs, evaluated in one pass.
//!
//! Hubs decode once or twice, take `%2f` and `%5c` for separators or not, drop `;` parameters
//! before decoding (Jetty), after it or after the second time, and merge slashes or not. Each
//! combination is one interpretation, a bit of a [`Set`]. Interpretations that have read the same
//! bytes share a state, which splits at the first token that they read differently and ends where
//! no rule continues: the cost grows with the differences, not with the combinations.

use super::{
    InvalidPath, Pattern,
    interpretation_set::{
        ALL, BACKSLASH, DECODED_PARAMETERS, MERGE, RAW_PARAMETERS, SLASH, Set, TWICE,
        TWICE_DECODED_PARAMETERS,
    },
    state::{Inside, Prefix, State},
    token::{Token, Tokens},
};

/// Stands for an encoded slash that is not a separator; no rule contains it.
const DATA_SLASH: u8 = 0;

/// The interpretations of one path, and the rule that they match so far.
pub(super) struct Interpretations<'r, R> {
    rules: &'r [R],
    /// States with which a longer rule may still match.
    live: Vec<State>,
    /// States that have read the current token.
    next: Vec<State>,
    /// Rule on which all ended interpretations agree.
    decided: Option<Option<usize>>,
    /// Two interpretations ended with different rules.
    ambiguous: bool,
}

// The steps that pass a state on are inlined: calls would take a third of the time of a long path.
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

    /// Returns the rule on which all interpretations agree.
    ///
    /// # Errors
    /// [`InvalidPath::Ambiguous`] if they match different rules.
    pub(super) fn decide(mut self, path: &[u8]) -> Result<Option<usize>, InvalidPath> {
        let mut rest = Tokens::new(path);
        while !self.live.is_empty() && !self.ambiguous {
            let skippable = self.skippable(rest);
            if skippable > 0 {
                rest = rest.skip(skippable);
                continue;
            }
            let Some((token, after)) = rest.split_first() else {
                break;
            };
            self.read(&token);
            rest = after;
        }
        for state in std::mem::take(&mut self.live) {
            self.end(state.read, None);
        }
        match self.ambiguous {
            true => Err(InvalidPath::Ambiguous),
            false => Ok(self.decided.flatten()),
        }
    }

    /// Counts the next bytes that change no state.
    fn skippable(&self, rest: Tokens<'_>) -> usize {
        match rest.peek() {
            Some(b'/') if self.drop_slashes() => rest.slashes(),
            Some(b';') if self.drop_slashes() && self.drop_parameters() => rest.parameters(),
            Some(b'/' | b';') => 0,
            _ if self.live.iter().any(|state| state.inside == Inside::None) => 0,
            _ => rest.droppable(),
        }
    }

    /// Reports whether every state ignores another slash.
    fn drop_slashes(&self) -> bool {
        self.live.iter().all(|state| {
            let merges = state.set & !MERGE == 0 && state.inside == Inside::None;
            merges && state.read.slash
        })
    }

    /// Reports whether every state drops plain parameters before a slash.
    fn drop_parameters(&self) -> bool {
        const SOME: Set = RAW_PARAMETERS | DECODED_PARAMETERS | TWICE_DECODED_PARAMETERS;
        self.live.iter().all(|state| state.set & !SOME == 0)
    }

    /// Advances every state by one token.
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

    /// Reads a `;` that appears after decoding once.
    #[inline(always)]
    fn parameters(&mut self, state: State) {
        if state.inside == Inside::Decoded {
            return self.stay(state);
        }
        self.enter(state.among(DECODED_PARAMETERS), Inside::Decoded);
        self.late_parameters(state.among(!DECODED_PARAMETERS));
    }

    /// Reads a `;` that appears after decoding twice.
    #[inline(always)]
    fn late_parameters(&mut self, state: State) {
        self.enter(state.among(TWICE_DECODED_PARAMETERS), Inside::TwiceDecoded);
        self.literal(state.among(!TWICE_DECODED_PARAMETERS), b';');
    }

    /// Reads a byte that is a separator to the interpretations in `some`, and `other` to the rest.
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

    /// Reads a byte, which is dropped inside parameters.
    #[inline(always)]
    fn literal(&mut self, state: State, byte: u8) {
        match state.inside {
            Inside::None => self.emit(state, byte),
            _ => self.stay(state),
        }
    }

    /// Reads several bytes, none of which is a slash; they are dropped inside parameters.
    fn literals(&mut self, state: State, bytes: &[u8]) {
        if state.set == 0 || state.inside != Inside::None {
            return self.stay(state);
        }
        let mut read = state.read;
        for byte in bytes {
            let Some(extended) = self.extend(read, *byte) else {
                return self.end(read, Some(*byte));
            };
            read = extended;
        }
        self.stay(State { read, ..state });
    }

    /// Adds a byte to the path that was read; merged slashes are not added.
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
        match self.extend(state.read, byte) {
            Some(read) => self.stay(State { read, ..state }),
            None => self.end(state.read, Some(byte)),
        }
    }

    #[inline(always)]
    fn enter(&mut self, state: State, inside: Inside) {
        self.stay(State { inside, ..state });
    }

    /// Keeps a state for the next token; equal states are united.
    #[inline(always)]
    fn stay(&mut self, state: State) {
        if state.set == 0 {
            return;
        }
        let is_equal =
            |other: &&mut State| other.read == state.read && other.inside == state.inside;
        match self.next.iter_mut().find(is_equal) {
            Some(other) => other.set |= state.set,
            None => self.next.push(state),
        }
    }

    /// Ends an interpretation: its path ends, or `next` is a byte with which no rule continues.
    fn end(&mut self, read: Prefix, next: Option<u8>) {
        let rule = Pattern::longest_match(self.bytes(read), next, self.rules);
        let other = self.decided.replace(rule);
        self.ambiguous |= other.is_some_and(|other| other != rule);
    }

    /// Adds one byte; `None` if no rule begins with the result.
    fn extend(&self, read: Prefix, byte: u8) -> Option<Prefix> {
        let bytes = self.bytes(read);
        let next = bytes.len();
        let rules = self.rules.iter().map(|rule| rule.as_ref().as_bytes());
        let mut rules = rules.enumerate().skip(read.rule as usize);
        let continues = |rule: &[u8]| rule.get(next) == Some(&byte) && rule.starts_with(bytes);
        let (rule, _) = rules.find(|(_, rule)| continues(rule))?;
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

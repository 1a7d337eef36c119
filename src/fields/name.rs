//! The names of the header fields that hubgate uses.

macro_rules! names {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// The name of a header field that hubgate uses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum FieldName {
            $(#[doc = concat!("`", $text, "`")] $name),*
        }

        impl FieldName {
            /// Every name.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the name in lower case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

names! {
    Accept = "accept",
    AcceptLanguage = "accept-language",
    AccessControlRequestHeaders = "access-control-request-headers",
    AccessControlRequestMethod = "access-control-request-method",
    Authorization = "authorization",
    CacheControl = "cache-control",
    Connection = "connection",
    ContentLength = "content-length",
    ContentType = "content-type",
    Cookie = "cookie",
    Date = "date",
    Expect = "expect",
    Host = "host",
    KeepAlive = "keep-alive",
    Location = "location",
    MaxForwards = "max-forwards",
    Origin = "origin",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    Referer = "referer",
    SecFetchDest = "sec-fetch-dest",
    SecFetchMode = "sec-fetch-mode",
    SecFetchSite = "sec-fetch-site",
    SecWebSocketAccept = "sec-websocket-accept",
    SecWebSocketKey = "sec-websocket-key",
    Te = "te",
    Trailer = "trailer",
    TransferEncoding = "transfer-encoding",
    Upgrade = "upgrade",
    UserAgent = "user-agent",
    XForwardedFor = "x-forwarded-for",
    XForwardedProto = "x-forwarded-proto",
}

/// Length of the longest name, in words of 8 bytes.
const WORDS: usize = 4;

/// A name as words, padded with zeros.
type Words = [u64; WORDS];

impl FieldName {
    /// Recognises a name in any case; `None` if hubgate does not use it.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let same_length = Self::of_length(name.len());
        if same_length.is_empty() {
            return None;
        }
        let words = words(name)?;
        let is_same = |known: &&Self| known.is(&words);
        same_length.iter().find(is_same).copied()
    }

    /// Reports whether these are the words of this name, in any case.
    fn is(self, words: &Words) -> bool {
        let (lower, letters) = (&LOWER[self as usize], &LETTERS[self as usize]);
        let different = |nth: usize| (words[nth] ^ lower[nth]) & !letters[nth];
        (0..WORDS).fold(0, |bits, nth| bits | different(nth)) == 0
    }

    fn of_length(length: usize) -> &'static [Self] {
        match length {
            2 => &[Self::Te],
            4 => &[Self::Host, Self::Date],
            6 => &[Self::Accept, Self::Cookie, Self::Origin, Self::Expect],
            7 => &[Self::Referer, Self::Upgrade, Self::Trailer],
            8 => &[Self::Location],
            10 => &[Self::Connection, Self::UserAgent, Self::KeepAlive],
            12 => &[Self::ContentType, Self::MaxForwards],
            13 => &[Self::Authorization, Self::CacheControl],
            14 => &[
                Self::ContentLength,
                Self::SecFetchSite,
                Self::SecFetchMode,
                Self::SecFetchDest,
            ],
            15 => &[Self::AcceptLanguage, Self::XForwardedFor],
            16 => &[Self::ProxyConnection],
            17 => &[
                Self::TransferEncoding,
                Self::XForwardedProto,
                Self::SecWebSocketKey,
            ],
            19 => &[Self::ProxyAuthorization],
            20 => &[Self::SecWebSocketAccept],
            29 => &[Self::AccessControlRequestMethod],
            30 => &[Self::AccessControlRequestHeaders],
            _ => &[],
        }
    }
}

/// The names in lower case, as words.
static LOWER: [Words; FieldName::COUNT] = FieldName::in_words(false);
/// The case bit of each letter of the names.
static LETTERS: [Words; FieldName::COUNT] = FieldName::in_words(true);
/// The bit in which upper and lower case of an ASCII letter differ.
const CASE: u64 = 0x20;

impl FieldName {
    const COUNT: usize = Self::ALL.len();

    const fn in_words(only_case: bool) -> [Words; Self::COUNT] {
        let mut all = [[0; WORDS]; Self::COUNT];
        let mut index = 0;
        while index < Self::COUNT {
            let name = Self::ALL[index].as_str().as_bytes();
            let mut nth = 0;
            while nth < name.len() {
                let bits = match only_case {
                    false => name[nth] as u64,
                    true if name[nth].is_ascii_alphabetic() => CASE,
                    true => 0,
                };
                all[index][nth / 8] |= bits << (nth % 8 * 8);
                nth += 1;
            }
            index += 1;
        }
        all
    }
}

fn words(name: &[u8]) -> Option<Words> {
    let mut bytes = [[0; 8]; WORDS];
    let room = bytes.as_flattened_mut().get_mut(..name.len())?;
    room.copy_from_slice(name);
    Some(bytes.map(u64::from_le_bytes))
}

/// A set of field names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameSet(u64);

impl NameSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Returns the set of these names.
    #[must_use]
    pub const fn from_names(names: &[FieldName]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < names.len() {
            bits |= 1 << names[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Returns the names of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds a name.
    pub fn insert(&mut self, name: FieldName) {
        self.0 |= 1 << name as u8;
    }

    /// Reports whether the set has a name.
    #[must_use]
    pub const fn has(self, name: FieldName) -> bool {
        self.0 & (1 << name as u8) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_recognised_in_any_case() {
        for name in FieldName::ALL {
            let upper = name.as_str().to_ascii_uppercase();
            assert_eq!(FieldName::parse(upper.as_bytes()), Some(*name), "{upper}");
            assert!(NameSet::from_names(&[*name]).has(*name));
        }
        for other in [
            "",
            "x",
            "hosts",
            "x-host",
            "te:",
            "keep\ralive",
            "keep\u{d}alive",
            "h\u{f}st",
            "acce\u{10}t",
            "user_agent",
            "\u{8}ost",
            "access-control-request-headers-x",
        ] {
            assert_eq!(FieldName::parse(other.as_bytes()), None, "{other}");
        }
    }
}

//! The names of the fields that some rule reads.

macro_rules! names {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// The name of a field that some rule reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum FieldName {
            $(#[doc = concat!("`", $text, "`")] $name),*
        }

        impl FieldName {
            /// All of them.
            #[cfg(any(fuzzing, test))]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in lower case.
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

impl FieldName {
    /// The name of a field, in any case; none where no rule reads it.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let first = name.first()?.to_ascii_lowercase();
        let same_length = Self::of_length(name.len()).iter();
        let mut same = same_length.filter(|known| {
            let known = known.as_str().as_bytes();
            known[0] == first && known.eq_ignore_ascii_case(name)
        });
        same.next().copied()
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

/// A set of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameSet(u64);

impl NameSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// These.
    #[must_use]
    pub const fn of(names: &[FieldName]) -> Self {
        let (mut bits, mut place) = (0, 0);
        while place < names.len() {
            bits |= 1 << names[place] as u8;
            place += 1;
        }
        Self(bits)
    }

    /// The names of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds a name.
    pub fn insert(&mut self, name: FieldName) {
        self.0 |= 1 << name as u8;
    }

    /// Whether a name is in it.
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
            assert!(NameSet::of(&[*name]).has(*name));
        }
        for other in ["", "x", "hosts", "x-host", "te:"] {
            assert_eq!(FieldName::parse(other.as_bytes()), None, "{other}");
        }
    }
}

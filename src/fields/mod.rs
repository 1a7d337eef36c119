//! The fields of a message head (RFC 9110, section 5), read in place and in their order.
//!
//! A name that some rule reads is recognised once, when the head is parsed: a look-up of an absent
//! field then costs a bit, and one of a present field no comparison of names.

mod name;

use http::{HeaderMap, HeaderValue};

pub use self::name::{FieldName, NameSet};

/// One field, spelled as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Field<'h> {
    /// Its name.
    pub name: &'h [u8],
    /// Its value, without the white space around it.
    pub value: &'h [u8],
    /// Its name, where some rule reads it.
    pub known: Option<FieldName>,
}

/// The fields of a head.
#[derive(Debug, Default)]
pub struct Fields<'h> {
    list: Vec<Field<'h>>,
    present: NameSet,
}

impl<'h> Field<'h> {
    /// A field of this name and value.
    #[must_use]
    pub fn new(name: &'h [u8], value: &'h [u8]) -> Self {
        let known = FieldName::parse(name);
        Self { name, value, known }
    }

    /// Whether its name is a token (RFC 9110, section 5.6.2).
    #[must_use]
    pub fn has_valid_name(&self) -> bool {
        self.known.is_some() || is_token(self.name)
    }

    /// Whether its value has no control character but tabs (RFC 9110, section 5.5).
    #[must_use]
    pub fn has_valid_value(&self) -> bool {
        self.value.iter().all(|byte| is_value(*byte))
    }
}

impl<'h> Fields<'h> {
    /// No field, with room for some.
    #[must_use]
    pub fn with_capacity(fields: usize) -> Self {
        Self {
            list: Vec::with_capacity(fields),
            present: NameSet::EMPTY,
        }
    }

    /// Appends a field.
    pub fn push(&mut self, field: Field<'h>) {
        if let Some(name) = field.known {
            self.present.insert(name);
        }
        self.list.push(field);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Bytes that the list occupies, without those of names and values.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.list.capacity() * size_of::<Field<'_>>()
    }

    /// All, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Field<'h>> {
        self.list.iter()
    }

    /// Whether a field of the name is there.
    #[must_use]
    pub fn has(&self, name: FieldName) -> bool {
        self.present.has(name)
    }

    /// The values of all fields of a name.
    pub fn all(&self, name: FieldName) -> impl DoubleEndedIterator<Item = &'h [u8]> {
        let list: &[Field<'h>] = match self.has(name) {
            true => &self.list,
            false => &[],
        };
        let named = list.iter().filter(move |field| field.known == Some(name));
        named.map(|field| field.value)
    }

    /// The value of the first field of a name.
    #[must_use]
    pub fn get(&self, name: FieldName) -> Option<&'h [u8]> {
        self.all(name).next()
    }

    /// The value of the only field of a name.
    #[must_use]
    pub fn only(&self, name: FieldName) -> Option<&'h [u8]> {
        let mut values = self.all(name);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The value of the first field of a name, if it is text of ASCII.
    #[must_use]
    pub fn text(&self, name: FieldName) -> Option<&'h str> {
        text(self.get(name)?)
    }

    /// The members of a field's lists, of those that are text; the white space around them is that
    /// of RFC 9110, section 5.6.3, and no other.
    pub fn members(&self, name: FieldName) -> impl Iterator<Item = &'h str> {
        self.all(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(|member| member.trim_matches([' ', '\t']))
    }

    /// Whether the Connection field lists a token.
    #[must_use]
    pub fn connection_has(&self, wanted: &str) -> bool {
        let mut members = self.members(FieldName::Connection);
        members.any(|token| token.eq_ignore_ascii_case(wanted))
    }
}

impl<'h> From<&'h HeaderMap> for Fields<'h> {
    fn from(map: &'h HeaderMap) -> Self {
        let mut fields = Self::with_capacity(map.len());
        for (name, value) in map {
            fields.push(Field::new(name.as_str().as_bytes(), value.as_bytes()));
        }
        fields
    }
}

impl<'h> From<&'h [httparse::Header<'h>]> for Fields<'h> {
    fn from(parsed: &'h [httparse::Header<'h>]) -> Self {
        let mut fields = Self::with_capacity(parsed.len());
        for field in parsed {
            fields.push(Field::new(field.name.as_bytes(), field.value));
        }
        fields
    }
}

impl<'h, const N: usize> From<[(&'h str, &'h str); N]> for Fields<'h> {
    fn from(list: [(&'h str, &'h str); N]) -> Self {
        list.into_iter().collect()
    }
}

impl<'h> FromIterator<(&'h str, &'h str)> for Fields<'h> {
    fn from_iter<I: IntoIterator<Item = (&'h str, &'h str)>>(list: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in list {
            fields.push(Field::new(name.as_bytes(), value.as_bytes()));
        }
        fields
    }
}

/// A value as text, if it is of visible ASCII characters, blanks and tabs.
#[must_use]
pub fn text(value: &[u8]) -> Option<&str> {
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    let value = Some(value).filter(|value| value.iter().all(is_text))?;
    std::str::from_utf8(value).ok()
}

/// A value in the type of the `http` crate.
#[must_use]
pub fn header_value(value: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value).ok()
}

/// Whether a name is a token (RFC 9110, section 5.6.2).
#[must_use]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| TOKEN[usize::from(*byte)])
}

/// The bytes of tokens (RFC 9110, section 5.6.2).
const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        token[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    token
};

fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_their_case_and_in_their_order() {
        let fields = Fields::from([
            ("Cookie", "a=1"),
            ("X-Other", "x"),
            ("cookie", "b=2"),
            ("ORIGIN", "https://home.example.org"),
        ]);
        assert_eq!(
            fields.all(FieldName::Cookie).collect::<Vec<_>>(),
            [b"a=1", b"b=2"]
        );
        assert_eq!(fields.only(FieldName::Cookie), None);
        assert_eq!(
            fields.text(FieldName::Origin),
            Some("https://home.example.org")
        );
        assert!(!fields.has(FieldName::Host) && fields.get(FieldName::Host).is_none());
        assert_eq!(fields.len(), 4);
    }

    #[test]
    fn what_the_http_crate_takes_for_a_field_is_one() {
        for byte in 0..=255_u8 {
            let (name, value) = ([b'x', byte], [b'x', byte, b'x']);
            let field = Field::new(&name, b"");
            let theirs = http::HeaderName::from_bytes(&name).is_ok();
            assert_eq!(field.has_valid_name(), theirs, "{byte:#x}");
            let (field, theirs) = (Field::new(b"x", &value), header_value(&value));
            assert_eq!(field.has_valid_value(), theirs.is_some(), "{byte:#x}");
            let theirs = header_value(&value).is_some_and(|value| value.to_str().is_ok());
            assert_eq!(text(&value).is_some(), theirs, "{byte:#x}");
        }
        assert!(!Field::new(b"", b"").has_valid_name());
    }
}

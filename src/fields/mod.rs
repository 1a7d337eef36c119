//! The header fields of a message (RFC 9110, section 5), in place and in their order.
//!
//! A name that hubgate uses is recognised once, when the head is parsed: then the lookup of an
//! absent field tests one bit, and that of a present field compares no names.

mod connection;
mod name;

use http::{HeaderMap, HeaderValue};

pub use self::{
    connection::ConnectionOptions,
    name::{FieldName, NameSet},
};

/// A header field, byte for byte as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Field<'h> {
    /// Name of the field.
    pub name: &'h [u8],
    /// Value without leading and trailing white space.
    pub value: &'h [u8],
    /// Recognised name, if hubgate uses it.
    pub known: Option<FieldName>,
}

/// The header fields of a message.
#[derive(Debug, Default)]
pub struct Fields<'h> {
    list: Vec<Field<'h>>,
    present: NameSet,
    connection: ConnectionOptions,
}

impl<'h> Field<'h> {
    /// Creates a field and recognises its name.
    #[must_use]
    pub fn new(name: &'h [u8], value: &'h [u8]) -> Self {
        let known = FieldName::parse(name);
        Self { name, value, known }
    }

    /// Reports whether the name is a token (RFC 9110, section 5.6.2).
    #[must_use]
    pub fn has_valid_name(&self) -> bool {
        self.known.is_some() || is_token(self.name)
    }

    /// Reports whether the value has no control character but tabs (RFC 9110, section 5.5).
    #[must_use]
    pub fn has_valid_value(&self) -> bool {
        let is_valid = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
        // Without an early end, so that many bytes are compared at once.
        let all = self.value.iter().map(is_valid);
        all.fold(true, |all, valid| all & valid)
    }
}

impl<'h> Fields<'h> {
    /// Creates an empty list with capacity for this number of fields.
    #[must_use]
    pub fn with_capacity(fields: usize) -> Self {
        Self {
            list: Vec::with_capacity(fields),
            ..Self::default()
        }
    }

    /// Appends a field.
    pub fn push(&mut self, field: Field<'h>) {
        if let Some(name) = field.known {
            self.present.insert(name);
        }
        if field.known == Some(FieldName::Connection) {
            self.connection.add(field.value);
        }
        self.list.push(field);
    }

    /// Returns the number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Reports whether the list has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the memory of the list in bytes, without names and values.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.list.capacity() * size_of::<Field<'_>>()
    }

    /// Returns all fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Field<'h>> {
        self.list.iter()
    }

    /// Reports whether a field of this name exists.
    #[must_use]
    pub fn has(&self, name: FieldName) -> bool {
        self.present.has(name)
    }

    /// Returns the values of all fields of a name.
    pub fn all(&self, name: FieldName) -> impl DoubleEndedIterator<Item = &'h [u8]> {
        let list: &[Field<'h>] = match self.has(name) {
            true => &self.list,
            false => &[],
        };
        let named = list.iter().filter(move |field| field.known == Some(name));
        named.map(|field| field.value)
    }

    /// Returns the value of the first field of a name.
    #[must_use]
    pub fn get(&self, name: FieldName) -> Option<&'h [u8]> {
        self.all(name).next()
    }

    /// Returns the value of a field that occurs exactly once.
    #[must_use]
    pub fn only(&self, name: FieldName) -> Option<&'h [u8]> {
        let mut values = self.all(name);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// Returns the value of the first field of a name, if it is ASCII text: see [`text`].
    #[must_use]
    pub fn text(&self, name: FieldName) -> Option<&'h str> {
        text(self.get(name)?)
    }

    /// Returns the list members of all UTF-8 fields of a name, without optional white space (RFC
    /// 9110, sections 5.6.1 and 5.6.3).
    pub fn members(&self, name: FieldName) -> impl Iterator<Item = &'h str> {
        self.all(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(|member| member.trim_matches([' ', '\t']))
    }

    /// Returns the options of Connection.
    #[must_use]
    pub fn connection(&self) -> ConnectionOptions {
        self.connection
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

/// Returns a value as text, if it has only visible ASCII characters, spaces and tabs.
#[must_use]
pub fn text(value: &[u8]) -> Option<&str> {
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    let value = Some(value).filter(|value| value.iter().all(is_text))?;
    std::str::from_utf8(value).ok()
}

/// Converts a value to the type of the `http` crate; `None` if it is invalid.
#[must_use]
pub fn header_value(value: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value).ok()
}

/// Reports whether a name is a token (RFC 9110, section 5.6.2).
#[must_use]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| TOKEN[usize::from(*byte)])
}

/// Table of the bytes that a token may have (RFC 9110, section 5.6.2).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_any_case_and_in_their_order() {
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
    fn validation_agrees_with_the_http_crate() {
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

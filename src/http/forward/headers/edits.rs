//! HeaderEdits to the fields of a head on its way: some are dropped, some are set.

use std::borrow::Cow;

use bytes::BytesMut;

use crate::{
    fields::{Field, FieldName, Fields, NameSet},
    http::response::local_response::put_field,
};

/// HeaderEdits to the fields of a head on its way.
pub(crate) struct HeaderEdits<'a> {
    /// Known names that are dropped or replaced.
    dropped: NameSet,
    /// Whether another field is dropped, by its name in lower case.
    drops_other: fn(&str) -> bool,
    /// Others that are dropped, in order: a list of thousands is searched for each field.
    nominated: Vec<String>,
    /// Others that are replaced.
    replaced: Vec<&'a str>,
    /// Fields in the place of all of their names.
    set: Vec<(&'a str, Value<'a>)>,
    /// The name of which other spellings with `-` for `_` are dropped too.
    dropped_alike: Option<&'a str>,
    /// Fields beside those of their names.
    added: Vec<(&'a str, Value<'a>)>,
}

/// The value of a field.
pub(super) type Value<'a> = Cow<'a, [u8]>;

/// A value of text.
pub(super) fn value(text: impl Into<String>) -> Value<'static> {
    Cow::Owned(text.into().into_bytes())
}

impl<'a> HeaderEdits<'a> {
    /// Drops these fields.
    pub(super) fn dropping(dropped: NameSet, drops_other: fn(&str) -> bool) -> Self {
        Self {
            dropped,
            drops_other,
            nominated: Vec::new(),
            replaced: Vec::new(),
            set: Vec::with_capacity(8),
            dropped_alike: None,
            added: Vec::new(),
        }
    }

    /// Drops the fields that a UpstreamConnection list names, too.
    pub(super) fn nominate<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for name in names {
            match FieldName::parse(name.as_bytes()) {
                Some(known) => self.dropped.insert(known),
                None => self.nominated.push(name.to_ascii_lowercase()),
            }
        }
        self.nominated.sort_unstable();
        self.nominated.dedup();
    }

    /// Puts one field in the place of all of the name, and of what was set before.
    pub(crate) fn set(&mut self, name: &'a str, value: impl Into<Value<'a>>) {
        self.remove(name);
        self.set.push((name, value.into()));
    }

    /// Drops all fields of the name, and what was set before.
    pub(crate) fn remove(&mut self, name: &'a str) {
        self.set
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        match FieldName::parse(name.as_bytes()) {
            Some(known) => self.dropped.insert(known),
            None => self.replaced.push(name),
        }
    }

    /// Whether a field takes the place of all of the name.
    pub(crate) fn sets(&self, name: &str) -> bool {
        let mut set = self.set.iter();
        set.any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// Names the user to the hub, if there is one; a client cannot write the field, nor with the
    /// other of `_` and `-`.
    pub(super) fn set_user(&mut self, name: &'a str, user: Option<Value<'a>>) {
        self.dropped_alike = name.contains('_').then_some(name);
        match user {
            Some(user) => self.set(name, user),
            None => self.remove(name),
        }
    }

    /// Puts one field beside those of the name.
    pub(super) fn add(&mut self, name: &'a str, value: impl Into<Value<'a>>) {
        self.added.push((name, value.into()));
    }

    /// Writes the fields of a head as they were spelled, and then ours.
    pub(crate) fn write(&self, fields: &Fields<'_>, wire: &mut BytesMut) {
        for (name, value) in self.changed(fields) {
            put_field(wire, name, value);
        }
    }

    /// The fields of a head as they were spelled, those that are left, and then ours.
    pub(crate) fn changed<'h>(
        &'h self,
        fields: &'h Fields<'_>,
    ) -> impl Iterator<Item = (&'h [u8], &'h [u8])> {
        let ours = self.set.iter().chain(&self.added);
        fields
            .iter()
            .filter(|field| !self.drops(field))
            .map(|field| (field.name, field.value))
            .chain(ours.map(|(name, value)| (name.as_bytes(), &**value)))
    }

    fn drops(&self, field: &Field<'_>) -> bool {
        match field.known {
            Some(known) => self.dropped.has(known) || self.is_alike(field.name),
            None => self.drops_spelled(field.name),
        }
    }

    fn drops_spelled(&self, name: &[u8]) -> bool {
        let mut lower = [0; LONG];
        if name.len() > LONG {
            return self.drops_lower(&String::from_utf8_lossy(name).to_ascii_lowercase());
        }
        let lower = &mut lower[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        std::str::from_utf8(lower).map_or(true, |name| self.drops_lower(name))
    }

    /// Whether a field is dropped or replaced, by its name in lower case.
    fn drops_lower(&self, name: &str) -> bool {
        let is_named = |other: &&str| other.eq_ignore_ascii_case(name);
        (self.drops_other)(name)
            || self.is_nominated(name)
            || self.replaced.iter().any(is_named)
            || self.is_alike(name.as_bytes())
    }

    fn is_nominated(&self, name: &str) -> bool {
        let found = self.nominated.binary_search_by(|other| (**other).cmp(name));
        found.is_ok()
    }

    /// Whether a name is that of the user but for case, and `_` in place of `-`.
    fn is_alike(&self, name: &[u8]) -> bool {
        let plain = |byte: &u8| match byte {
            b'_' => b'-',
            byte => byte.to_ascii_lowercase(),
        };
        let user = self.dropped_alike.map(str::as_bytes);
        user.is_some_and(|user| user.iter().map(plain).eq(name.iter().map(plain)))
    }
}

/// Bytes of a name that is put into lower case without allocating.
const LONG: usize = 64;

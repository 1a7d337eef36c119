//! Edits to the fields of a forwarded head: some are dropped, some are set.

use std::borrow::Cow;

use bytes::BytesMut;

use super::nominated;
use crate::{
    fields::{Field, FieldName, Fields, NameSet},
    http::response::local_response::put_field,
};

/// Edits to the fields of a forwarded head.
pub(crate) struct HeaderEdits<'a> {
    /// Known names that are dropped or replaced.
    dropped: NameSet,
    /// Decides on a field of another name, in lower case; none drops no such field.
    drops_other: Option<fn(&str) -> bool>,
    /// Other names that Connection lists, sorted: a client may list thousands.
    nominated: Vec<String>,
    /// Other names that are dropped or replaced.
    replaced: Vec<&'a str>,
    /// Fields of hubgate, which replace those of their name or are added to them.
    own: Vec<(&'a str, Value<'a>)>,
    /// A name that is dropped in its spellings with `-` for `_` too.
    dropped_alike: Option<&'a str>,
}

/// The value of a field.
pub(super) type Value<'a> = Cow<'a, [u8]>;

impl<'a> HeaderEdits<'a> {
    /// Edits that drop these fields.
    pub(super) fn dropping(dropped: NameSet, drops_other: Option<fn(&str) -> bool>) -> Self {
        Self {
            dropped,
            drops_other,
            nominated: Vec::new(),
            replaced: Vec::new(),
            own: Vec::new(),
            dropped_alike: None,
        }
    }

    /// Drops the fields that Connection names.
    pub(super) fn nominate(&mut self, fields: &Fields<'_>) {
        if !fields.connection().names_fields {
            return;
        }
        for name in nominated(fields) {
            match FieldName::parse(name.as_bytes()) {
                Some(known) => self.dropped.insert(known),
                None => self.nominated.push(name.to_ascii_lowercase()),
            }
        }
        self.nominated.sort_unstable();
        self.nominated.dedup();
    }

    /// Replaces all fields of the name.
    pub(crate) fn set(&mut self, name: &'a str, value: impl Into<Value<'a>>) {
        self.remove(name);
        self.add(name, value);
    }

    /// Drops all fields of the name.
    pub(crate) fn remove(&mut self, name: &'a str) {
        match FieldName::parse(name.as_bytes()) {
            Some(known) => self.remove_known(known),
            None => {
                self.retract(name);
                self.replaced.push(name);
            }
        }
    }

    /// Drops all fields of a known name.
    pub(crate) fn remove_known(&mut self, name: FieldName) {
        self.retract(name.as_str());
        self.dropped.insert(name);
    }

    /// Removes hubgate's own fields of the name.
    fn retract(&mut self, name: &str) {
        self.own
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// Reports whether the fields of the name are replaced.
    pub(crate) fn sets(&self, name: &str) -> bool {
        let mut own = self.own.iter();
        own.any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// Sets the field that names the user to the upstream; drops a client's field of that name,
    /// with `-` for `_` too.
    pub(super) fn set_user(&mut self, name: &'a str, user: Option<Value<'a>>) {
        self.dropped_alike = name.contains('_').then_some(name);
        match user {
            Some(user) => self.set(name, user),
            None => self.remove(name),
        }
    }

    /// Adds a field to those of the name; it is the only one where those are dropped anyway.
    pub(super) fn add(&mut self, name: &'a str, value: impl Into<Value<'a>>) {
        self.own.push((name, value.into()));
    }

    /// Writes the fields that are not dropped, as they were spelled, and then hubgate's own.
    pub(crate) fn write(&self, fields: &Fields<'_>, wire: &mut BytesMut) {
        for (name, value) in self.changed(fields) {
            put_field(wire, name, value);
        }
    }

    /// The fields that are not dropped, as they were spelled, and then hubgate's own.
    pub(crate) fn changed<'h>(
        &'h self,
        fields: &'h Fields<'_>,
    ) -> impl Iterator<Item = (&'h [u8], &'h [u8])> {
        let own = self.own.iter();
        fields
            .iter()
            .filter(|field| !self.drops(field))
            .map(|field| (field.name, field.value))
            .chain(own.map(|(name, value)| (name.as_bytes(), &**value)))
    }

    fn drops(&self, field: &Field<'_>) -> bool {
        match field.known {
            Some(known) => self.dropped.has(known) || self.is_alike(field.name),
            None => self.drops_others() && self.drops_spelled(field.name),
        }
    }

    /// Reports whether some field of another name may be dropped.
    fn drops_others(&self) -> bool {
        let names_none = self.nominated.is_empty() && self.replaced.is_empty();
        self.drops_other.is_some() || self.dropped_alike.is_some() || !names_none
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

    /// Reports whether a field is dropped or replaced, by its name in lower case.
    fn drops_lower(&self, name: &str) -> bool {
        let is_named = |other: &&str| other.eq_ignore_ascii_case(name);
        self.drops_other.is_some_and(|drops| drops(name))
            || self.is_nominated(name)
            || self.replaced.iter().any(is_named)
            || self.is_alike(name.as_bytes())
    }

    fn is_nominated(&self, name: &str) -> bool {
        let found = self.nominated.binary_search_by(|other| (**other).cmp(name));
        found.is_ok()
    }

    /// Compares a name with that of the user's field, without case and with `_` equal to `-`.
    fn is_alike(&self, name: &[u8]) -> bool {
        let plain = |byte: &u8| match byte {
            b'_' => b'-',
            byte => byte.to_ascii_lowercase(),
        };
        let user = self.dropped_alike.map(str::as_bytes);
        user.is_some_and(|user| user.iter().map(plain).eq(name.iter().map(plain)))
    }
}

/// Bytes of a name that is converted to lower case without an allocation.
const LONG: usize = 64;

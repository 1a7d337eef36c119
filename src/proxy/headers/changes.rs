//! Changes to the fields of a head on its way: some are dropped, some are set.

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue};

use super::super::answer::put_field;

/// Changes to the fields of a head on its way.
pub(in crate::proxy) struct Changes<'a> {
    /// Whether a field is dropped, by its name in lower case.
    is_dropped: fn(&str) -> bool,
    /// Others that are dropped.
    nominated: Vec<String>,
    /// What takes the place of all fields of a name.
    set: Vec<(&'a str, Option<HeaderValue>)>,
    /// What joins them.
    added: Vec<(&'a str, HeaderValue)>,
}

/// The fields of a head, whoever holds them.
pub(in crate::proxy) trait Fields {
    /// The values of all fields of a name, which is in lower case.
    fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]>;
}

impl Fields for HeaderMap {
    fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }
}

impl<'a> Changes<'a> {
    /// Drops these fields, and those that a Connection list names.
    pub(super) fn dropping(is_dropped: fn(&str) -> bool, nominated: Vec<String>) -> Self {
        Self {
            is_dropped,
            nominated,
            set: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Puts one field, or none, in the place of all of the name.
    pub(in crate::proxy) fn set(&mut self, name: &'a str, value: Option<HeaderValue>) {
        self.set.push((name, value));
    }

    /// Puts one field beside those of the name.
    pub(super) fn add(&mut self, name: &'a str, value: HeaderValue) {
        self.added.push((name, value));
    }

    /// Writes the fields of a head as they were spelled, and then ours.
    pub(in crate::proxy) fn write<'h>(
        &'h self,
        fields: impl Iterator<Item = (&'h [u8], &'h [u8])>,
        wire: &mut BytesMut,
    ) {
        for (name, value) in self.changed(fields) {
            put_field(wire, name, value);
        }
    }

    /// The fields of a head as they were spelled, those that are left, and then ours.
    pub(in crate::proxy) fn changed<'h>(
        &'h self,
        fields: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    ) -> impl Iterator<Item = (&'h [u8], &'h [u8])> {
        let ours = self.ours();
        fields
            .filter(|(name, _)| !self.drops_spelled(name))
            .chain(ours.map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    fn drops_spelled(&self, name: &[u8]) -> bool {
        let mut lower = [0; LONG];
        if name.len() > LONG {
            return self.drops(&String::from_utf8_lossy(name).to_ascii_lowercase());
        }
        let lower = &mut lower[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        std::str::from_utf8(lower).map_or(true, |name| self.drops(name))
    }

    /// Whether a field is dropped or replaced, by its name in lower case.
    fn drops(&self, name: &str) -> bool {
        let is_named = |other: &str| other.eq_ignore_ascii_case(name);
        (self.is_dropped)(name)
            || self.nominated.iter().any(|other| other == name)
            || self.set.iter().any(|(other, _)| is_named(other))
    }

    fn ours(&self) -> impl Iterator<Item = (&'a str, &HeaderValue)> {
        let set = self.set.iter();
        let set = set.filter_map(|(name, value)| Some((*name, value.as_ref()?)));
        set.chain(self.added.iter().map(|(name, value)| (*name, value)))
    }
}

/// Bytes of a name that is put into lower case without allocating.
const LONG: usize = 64;

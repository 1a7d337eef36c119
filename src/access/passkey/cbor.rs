//! Maps in CBOR (RFC 8949), bounded as CTAP2 bounds them for authenticators.
//!
//! Lengths are definite, tags are refused, and items nest at most four levels deep (CTAP 2.1,
//! section 8). Keys are not required to be sorted, but a key occurs once.

use minicbor::{
    data::Type,
    decode::{Decoder, Error},
};

/// Deepest nesting of arrays and maps, the outermost map included.
const MAX_DEPTH: u8 = 4;
/// Most entries of a map of which entries are read.
const MAX_ENTRIES: usize = 32;

/// The fault of a CBOR item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The bytes end early, are no CBOR, or are an item of another type.
    #[error("the CBOR is malformed or of another type")]
    Malformed,
    /// A length is indefinite, or an item is tagged.
    #[error("the CBOR has an indefinite length or a tag")]
    NotCtap2,
    /// Items nest more than four levels deep, or a map has more than 32 entries.
    #[error("the CBOR nests too deeply or has too many entries")]
    TooLarge,
    /// A map has a key twice.
    #[error("the CBOR has a key twice")]
    DuplicateKey,
    /// Bytes follow the item.
    #[error("bytes follow the CBOR")]
    TrailingBytes,
}

impl From<Error> for CborError {
    fn from(_: Error) -> Self {
        Self::Malformed
    }
}

/// The key of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label<'b> {
    Number(i64),
    Text(&'b str),
}

/// A map; its values are well-formed and decoded when they are read.
#[derive(Debug)]
pub(super) struct CborMap<'b>(Vec<(Label<'b>, &'b [u8])>);

impl<'b> CborMap<'b> {
    /// Reads a map that is the whole input.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, CborError> {
        match Self::read_prefix(bytes)? {
            (map, []) => Ok(map),
            _ => Err(CborError::TrailingBytes),
        }
    }

    /// Reads a map at the beginning of the input, and returns it with the rest.
    pub(super) fn read_prefix(bytes: &'b [u8]) -> Result<(Self, &'b [u8]), CborError> {
        let mut reader = Reader(Decoder::new(bytes));
        let entries = reader.0.map()?.ok_or(CborError::NotCtap2)?;
        let mut map = Self(Vec::new());
        for _ in 0..entries {
            let label = reader.label()?;
            let value = reader.item(MAX_DEPTH - 1)?;
            map.add(label, value)?;
        }
        Ok((map, &bytes[reader.0.position()..]))
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn number(&self, label: Label<'_>) -> Result<i64, CborError> {
        Ok(self.value(label)?.i64()?)
    }

    pub(super) fn bytes(&self, label: Label<'_>) -> Result<&'b [u8], CborError> {
        Ok(self.value(label)?.bytes()?)
    }

    pub(super) fn text(&self, label: Label<'_>) -> Result<&'b str, CborError> {
        Ok(self.value(label)?.str()?)
    }

    pub(super) fn map(&self, label: Label<'_>) -> Result<Self, CborError> {
        Self::read(self.value(label)?.input())
    }

    fn value(&self, label: Label<'_>) -> Result<Decoder<'b>, CborError> {
        let mut entries = self.0.iter();
        let (_, value) = entries
            .find(|entry| entry.0 == label)
            .ok_or(CborError::Malformed)?;
        Ok(Decoder::new(value))
    }

    fn add(&mut self, label: Label<'b>, value: &'b [u8]) -> Result<(), CborError> {
        if self.0.len() == MAX_ENTRIES {
            return Err(CborError::TooLarge);
        }
        if self.0.iter().any(|entry| entry.0 == label) {
            return Err(CborError::DuplicateKey);
        }
        self.0.push((label, value));
        Ok(())
    }
}

struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    fn label(&mut self) -> Result<Label<'b>, CborError> {
        Ok(match self.0.datatype()? {
            Type::String => Label::Text(self.0.str()?),
            _ => Label::Number(self.0.i64()?),
        })
    }

    /// Reads an item with at most `depth` levels of arrays and maps, and returns its bytes.
    fn item(&mut self, depth: u8) -> Result<&'b [u8], CborError> {
        let begin = self.0.position();
        self.skip(depth)?;
        Ok(&self.0.input()[begin..self.0.position()])
    }

    fn skip(&mut self, depth: u8) -> Result<(), CborError> {
        match self.0.datatype()? {
            Type::Array | Type::Map => self.skip_items(depth),
            Type::Bytes => Ok(self.0.bytes().map(drop)?),
            Type::String => Ok(self.0.str().map(drop)?),
            Type::Tag
            | Type::BytesIndef
            | Type::StringIndef
            | Type::ArrayIndef
            | Type::MapIndef => Err(CborError::NotCtap2),
            Type::Break | Type::Unknown(_) => Err(CborError::Malformed),
            _ => Ok(self.0.skip()?),
        }
    }

    /// Skips an array or a map; a length beyond the input fails at the end of the input.
    fn skip_items(&mut self, depth: u8) -> Result<(), CborError> {
        let below = depth.checked_sub(1).ok_or(CborError::TooLarge)?;
        let (length, parts) = match self.0.datatype()? {
            Type::Map => (self.0.map()?, 2),
            _ => (self.0.array()?, 1),
        };
        for _ in 0..length.ok_or(CborError::NotCtap2)? {
            for _ in 0..parts {
                self.skip(below)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8]) -> Option<CborError> {
        CborMap::read(bytes).err()
    }

    #[test]
    fn entries_are_found_by_their_keys() {
        let map = CborMap::read(b"\xa4\x01\x02\x20\x43abc\x61t\x62no\x61m\xa1\x03\x80").unwrap();
        assert_eq!(map.len(), 4);
        assert_eq!(map.number(Label::Number(1)), Ok(2));
        assert_eq!(map.bytes(Label::Number(-1)), Ok(&b"abc"[..]));
        assert_eq!(map.text(Label::Text("t")), Ok("no"));
        assert_eq!(map.map(Label::Text("m")).unwrap().len(), 1);
        assert_eq!(map.number(Label::Number(2)), Err(CborError::Malformed));
        assert_eq!(map.bytes(Label::Number(1)), Err(CborError::Malformed));
        let (map, rest) = CborMap::read_prefix(b"\xa0rest").unwrap();
        assert_eq!((map.len(), rest), (0, &b"rest"[..]));
    }

    #[test]
    fn other_cbor_than_that_of_ctap2_is_refused() {
        for (bytes, expected) in [
            (&b""[..], CborError::Malformed),
            (b"\xa1", CborError::Malformed),
            (b"\xa1\x01", CborError::Malformed),
            (b"\x80", CborError::Malformed),
            (b"\xa1\x01\xff", CborError::Malformed),
            (b"\xa1\x01\x1c", CborError::Malformed),
            (b"\xa1\x01\x61\xff", CborError::Malformed),
            (b"\xa1\xf5\x01", CborError::Malformed),
            (
                b"\xa1\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
                CborError::Malformed,
            ),
            (
                b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
                CborError::Malformed,
            ),
            (
                b"\xa1\x01\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
                CborError::Malformed,
            ),
            (b"\xbf\xff", CborError::NotCtap2),
            (b"\xa1\x01\x9f\xff", CborError::NotCtap2),
            (b"\xa1\x01\x5f\xff", CborError::NotCtap2),
            (b"\xa1\x01\xc0\x01", CborError::NotCtap2),
            (b"\xa2\x01\x02\x01\x02", CborError::DuplicateKey),
            (b"\xa2\x01\x02\x18\x01\x02", CborError::DuplicateKey),
            (b"\xa0\x00", CborError::TrailingBytes),
        ] {
            assert_eq!(fault(bytes), Some(expected), "{bytes:x?}");
        }
    }

    #[test]
    fn depth_and_entries_are_bounded() {
        assert_eq!(fault(b"\xa1\x01\x81\x81\x81\x01"), None);
        assert_eq!(
            fault(b"\xa1\x01\x81\x81\x81\x80"),
            Some(CborError::TooLarge)
        );
        assert_eq!(
            fault(b"\xa1\x01\xa1\xa1\xa1\xa0\x01\x01\x01"),
            Some(CborError::TooLarge)
        );
        let deep = [&b"\xa1\x01"[..], &[0x81; 100_000]].concat();
        assert_eq!(fault(&deep), Some(CborError::TooLarge));
        let entries = |count: u8| {
            let pairs = (0..count).flat_map(|key| [0x18, 32 + key, 0x01]);
            [0xb8, count].into_iter().chain(pairs).collect::<Vec<_>>()
        };
        assert_eq!(fault(&entries(32)), None);
        assert_eq!(fault(&entries(33)), Some(CborError::TooLarge));
    }
}

//! The head of a request or an answer, byte for byte and in parts.

/// First line and header fields, read leniently: nothing is corrected.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The bytes as they came, with the empty line.
    pub bytes: Vec<u8>,
    /// The request line or status line.
    pub first: String,
    /// Names and values in order, without surrounding spaces.
    pub fields: Vec<(String, String)>,
}

/// Framing of a body (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By `Content-Length`.
    Length(u64),
    /// By the last chunk.
    Chunked,
    /// By neither: the body ends with the connection.
    Undeclared,
}

impl Head {
    /// Takes the bytes apart.
    pub fn parse(bytes: Vec<u8>) -> Self {
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields = fields
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Self {
            first,
            fields,
            bytes,
        }
    }

    /// The only value of the field.
    ///
    /// # Panics
    /// If the field came more than once.
    pub fn field(&self, name: &str) -> Option<&str> {
        let values = self.values(name);
        assert!(values.len() < 2, "{name} came as {values:?}");
        values.first().copied()
    }

    /// All values of the field, in order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let same = |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        let fields = self.fields.iter().filter(same);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The word of the first line at this place, the first being 0.
    pub fn word(&self, place: usize) -> &str {
        self.first.split(' ').nth(place).unwrap_or_default()
    }

    /// Returns the framing of the body.
    pub fn framing(&self) -> Framing {
        if self.values("transfer-encoding").contains(&"chunked") {
            return Framing::Chunked;
        }
        let length = self.values("content-length");
        let length = length.first().and_then(|length| length.parse().ok());
        length.map_or(Framing::Undeclared, Framing::Length)
    }
}

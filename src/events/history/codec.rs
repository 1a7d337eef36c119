//! Numbers, texts and addresses in the history file.
//!
//! Numbers have seven bits in each byte, the lowest first; texts have their length before them.

use std::net::IpAddr;

use crate::events::visit::bounded;

/// The bytes of a file under construction.
#[derive(Default)]
pub(super) struct Encoder(pub(super) Vec<u8>);

/// The bytes of a file that are not decoded yet.
pub(super) struct Decoder<'a>(pub(super) &'a [u8]);

/// Most bytes of a text.
const MOST_TEXT: usize = 256;

impl Encoder {
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        let text = bounded(text, MOST_TEXT);
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Encodes a text that may be absent.
    pub(super) fn optional(&mut self, text: Option<&str>) {
        self.number(text.is_some().into());
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Encodes the first bytes of an address that may be absent: `bytes` of IPv4, twice as many
    /// of IPv6; all with 4.
    pub(super) fn address(&mut self, address: Option<IpAddr>, bytes: usize) {
        match address {
            None => self.0.push(0),
            Some(IpAddr::V4(address)) => {
                self.0.push(4);
                self.0.extend_from_slice(&address.octets()[..bytes]);
            }
            Some(IpAddr::V6(address)) => {
                self.0.push(6);
                let bytes = if bytes == 4 { 16 } else { 2 * bytes };
                self.0.extend_from_slice(&address.octets()[..bytes]);
            }
        }
    }
}

impl<'a> Decoder<'a> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Decodes the length of a list, which has `most` items at most.
    pub(super) fn length(&mut self, most: usize) -> Option<usize> {
        let length = usize::try_from(self.number()?).ok()?;
        (length <= most).then_some(length)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.length(MOST_TEXT)?;
        let text = self.bytes(length)?;
        String::from_utf8(text.to_vec()).ok()
    }

    pub(super) fn optional(&mut self) -> Option<Option<String>> {
        match self.number()? {
            0 => Some(None),
            _ => self.text().map(Some),
        }
    }

    pub(super) fn address(&mut self, bytes: usize) -> Option<Option<IpAddr>> {
        match self.byte()? {
            0 => Some(None),
            4 => {
                let mut octets = [0; 4];
                octets[..bytes].copy_from_slice(self.bytes(bytes)?);
                Some(Some(octets.into()))
            }
            6 => {
                let bytes = if bytes == 4 { 16 } else { 2 * bytes };
                let mut octets = [0; 16];
                octets[..bytes].copy_from_slice(self.bytes(bytes)?);
                Some(Some(octets.into()))
            }
            _ => None,
        }
    }

    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_decoded_as_it_was_encoded() {
        let mut encoder = Encoder::default();
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        numbers.iter().for_each(|number| encoder.number(*number));
        let addresses = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        for address in addresses {
            encoder.address(Some(address), 4);
            encoder.address(Some(address), 2);
        }
        encoder.address(None, 4);
        encoder.text("Händi");
        encoder.optional(None);
        encoder.optional(Some("a"));
        let mut decoder = Decoder(&encoder.0);
        assert_eq!(numbers.map(|_| decoder.number().unwrap()), numbers);
        for address in addresses {
            assert_eq!(decoder.address(4), Some(Some(address)));
            let prefix = decoder.address(2).unwrap().unwrap().to_string();
            assert!(["192.0.0.0", "2001:db8::"].contains(&prefix.as_str()));
        }
        assert_eq!(decoder.address(4), Some(None));
        assert_eq!(decoder.text().unwrap(), "Händi");
        assert_eq!(decoder.optional(), Some(None));
        assert_eq!(decoder.optional(), Some(Some("a".to_owned())));
        assert!(decoder.0.is_empty() && decoder.number().is_none());
    }
}

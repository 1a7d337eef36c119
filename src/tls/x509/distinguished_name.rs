//! Distinguished names as text (RFC 4514), safe in log lines, header fields and pages.

use std::fmt::{self, Write};

use x509_parser::{
    asn1_rs::ToDer,
    x509::{AttributeTypeAndValue, X509Name},
};

/// Short names of attribute types: those of RFC 4514, and OpenSSL's for e-mail and serial number.
const SHORT_NAMES: [(&str, &str); 11] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// A distinguished name; its text has the most specific part first: `CN=Anna's phone,O=Home`.
pub(crate) struct NameText<'a>(pub(crate) &'a X509Name<'a>);

/// An attribute of a name: `CN=Anna's phone`, or `1.2.3.4=#0C024142` for an unknown type.
struct AttributeText<'a>(&'a AttributeTypeAndValue<'a>);

impl NameText<'_> {
    /// Returns the most specific common name if it is text, with control characters as `\XX`.
    pub(crate) fn common_name(&self) -> Option<String> {
        let value = self.0.iter_common_name().last()?.as_str().ok()?;
        Some(value.chars().map(escape_control).collect())
    }
}

impl fmt::Display for NameText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter_rdn().collect();
        for (position, part) in parts.iter().rev().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            for (position, attribute) in part.iter().enumerate() {
                if position > 0 {
                    f.write_char('+')?;
                }
                AttributeText(attribute).fmt(f)?;
            }
        }
        Ok(())
    }
}

impl AttributeText<'_> {
    /// Returns the DER encoding of the value: `#0403AB12`.
    fn encoded(&self) -> String {
        let value = self.0.attr_value().to_der_vec().unwrap_or_default();
        format!("#{}", hex("", &value))
    }
}

impl fmt::Display for AttributeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let oid = self.0.attr_type().to_id_string();
        let short = SHORT_NAMES.iter().find(|(known, _)| *known == oid);
        match (short, self.0.as_str()) {
            (Some((_, short)), Ok(value)) => write!(f, "{short}={}", escape(value)),
            (Some((_, short)), Err(_)) => write!(f, "{short}={}", self.encoded()),
            (None, _) => write!(f, "{oid}={}", self.encoded()),
        }
    }
}

/// Escapes an attribute value (RFC 4514, section 2.4), control characters included.
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let escape_at = |(at, c): (usize, char)| match c {
        '"' | '+' | ',' | ';' | '<' | '>' | '\\' => format!("\\{c}"),
        '#' if at == 0 => "\\#".to_owned(),
        ' ' if at == 0 || at == last => "\\ ".to_owned(),
        _ => escape_control(c),
    };
    value.chars().enumerate().map(escape_at).collect()
}

fn escape_control(c: char) -> String {
    if !c.is_control() {
        return c.to_string();
    }
    let mut buffer = [0; 4];
    hex("\\", c.encode_utf8(&mut buffer).as_bytes())
}

/// Formats bytes in upper-case hexadecimal, each after `mark`.
pub(crate) fn hex(mark: &str, bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{mark}{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
    use x509_parser::{certificate::X509Certificate, prelude::FromDer};

    use super::*;

    fn name(parts: &[(DnType, &str)]) -> (String, Option<String>) {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind.clone(), *value);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (_, parsed) = X509Certificate::from_der(certificate.der()).unwrap();
        let name = NameText(parsed.subject());
        (name.to_string(), name.common_name())
    }

    #[test]
    fn most_specific_part_comes_first() {
        let (text, common_name) = name(&[
            (DnType::OrganizationName, "Home"),
            (DnType::CommonName, "Anna's phone"),
        ]);
        assert_eq!(text, "CN=Anna's phone,O=Home");
        assert_eq!(common_name.unwrap(), "Anna's phone");
    }

    #[test]
    fn separators_and_control_characters_are_escaped() {
        let (text, common_name) = name(&[(DnType::CommonName, " #a,b+c\"\r\nX: y\u{85}\\ ")]);
        assert_eq!(text, "CN=\\ #a\\,b\\+c\\\"\\0D\\0AX: y\\C2\\85\\\\\\ ");
        assert!(common_name.unwrap().contains("\\0D\\0AX: y\\C2\\85"));
    }

    #[test]
    fn unknown_attribute_is_written_as_its_der_encoding() {
        let kind = DnType::CustomDnType(vec![1, 2, 3, 4]);
        let (text, common_name) = name(&[(kind, "AB")]);
        assert_eq!(text, "1.2.3.4=#0C024142");
        assert_eq!(common_name, None);
    }
}

//! Distinguished names as text (RFC 4514), safe in a log line, a header and a page.

use std::fmt::Write;

use x509_parser::{
    asn1_rs::ToDer,
    x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name},
};

/// The short names of attributes: those of RFC 4514, and OpenSSL's for mail and serial number.
const SHORT: [(&str, &str); 11] = [
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

/// The name, most specific part first: `CN=Anna's phone,O=Home`.
pub(super) fn text(name: &X509Name<'_>) -> String {
    let mut parts: Vec<_> = name.iter_rdn().map(part).collect();
    parts.reverse();
    parts.join(",")
}

/// The most specific common name, if it is text; control characters as `\XX`.
pub(super) fn common_name(name: &X509Name<'_>) -> Option<String> {
    let value = name.iter_common_name().last()?.as_str().ok()?;
    Some(value.chars().map(without_control).collect())
}

fn part(part: &RelativeDistinguishedName<'_>) -> String {
    let pairs: Vec<_> = part.iter().map(pair).collect();
    pairs.join("+")
}

fn pair(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let short = SHORT.iter().find(|(known, _)| *known == oid);
    match (short, attribute.as_str()) {
        (Some((_, short)), Ok(value)) => format!("{short}={}", escaped(value)),
        (Some((_, short)), Err(_)) => format!("{short}={}", bytes(attribute)),
        (None, _) => format!("{oid}={}", bytes(attribute)),
    }
}

/// Section 2.4: what must not stand bare, and all control characters.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    value
        .chars()
        .enumerate()
        .map(|(at, c)| match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => format!("\\{c}"),
            '#' if at == 0 => "\\#".to_owned(),
            ' ' if at == 0 || at == last => "\\ ".to_owned(),
            _ => without_control(c),
        })
        .collect()
}

fn without_control(c: char) -> String {
    if !c.is_control() {
        return c.to_string();
    }
    let mut buffer = [0; 4];
    hex("\\", c.encode_utf8(&mut buffer).as_bytes())
}

/// A value that is no text, as its encoding: `#0403AB12`.
fn bytes(attribute: &AttributeTypeAndValue<'_>) -> String {
    let value = attribute.attr_value();
    let encoded = value.to_der_vec().unwrap_or_default();
    format!("#{}", hex("", &encoded))
}

/// Bytes in upper case hexadecimal, each after `mark`.
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
        (text(parsed.subject()), common_name(parsed.subject()))
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
    fn unknown_attribute_is_given_as_its_encoding() {
        let kind = DnType::CustomDnType(vec![1, 2, 3, 4]);
        let (text, common_name) = name(&[(kind, "AB")]);
        assert_eq!(text, "1.2.3.4=#0C024142");
        assert_eq!(common_name, None);
    }
}

//! An Apple configuration profile (`.mobileconfig`) with the certificate of a device, for Safari
//! and other programs that use the keychain of an iPhone or Mac.
//!
//! It is a property list in XML, which `maud` renders: HTML and XML escape text alike.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};

use crate::tls::hex;

/// The content of a profile.
#[derive(Clone, Copy)]
pub struct Profile<'a> {
    /// Host of the site.
    pub hub: &'a str,
    /// Name of the device, which the settings show.
    pub device: &'a str,
    /// PKCS#12 file.
    pub pkcs12: &'a [u8],
    /// Password of the PKCS#12 file.
    pub password: &'a str,
    /// Certificate of the server (DER), if the device would not trust it otherwise.
    pub server: Option<&'a [u8]>,
}

impl Profile<'_> {
    /// Encodes the `.mobileconfig` file, which is secret as it has the password.
    ///
    /// A later profile for the same device and site replaces this one.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let list = html! {
            (PreEscaped(HEAD))
            plist version="1.0" { (self.configuration()) }
        };
        list.into_string().into_bytes()
    }

    fn configuration(&self) -> Markup {
        let payload = Payload {
            kind: "Configuration",
            identifier: self.identifier(),
            uuid: uuid("configuration", self.pkcs12),
            name: &format!("{} ({})", self.device, self.hub),
            description: &format!("Lets this device in at {}.", self.hub),
        };
        payload.dictionary(&html! {
            key { "PayloadContent" }
            array {
                (self.identity())
                @if let Some(certificate) = self.server { (self.root(certificate)) }
            }
        })
    }

    /// Renders the payload with key and certificate of the device.
    fn identity(&self) -> Markup {
        let payload = Payload {
            kind: "com.apple.security.pkcs12",
            identifier: self.identifier() + ".identity",
            uuid: uuid("identity", self.pkcs12),
            name: self.device,
            description: "The certificate this device shows.",
        };
        payload.dictionary(&html! {
            key { "PayloadContent" }
            (data(self.pkcs12))
            key { "Password" }
            (string(self.password))
        })
    }

    /// Renders the payload with the certificate of the server.
    fn root(&self, certificate: &[u8]) -> Markup {
        let payload = Payload {
            kind: "com.apple.security.root",
            identifier: self.identifier() + ".server",
            uuid: uuid("server", certificate),
            name: self.hub,
            description: "The certificate the server shows.",
        };
        payload.dictionary(&html! {
            key { "PayloadContent" }
            (data(certificate))
        })
    }

    /// Returns the identifier of the device at the site, in ASCII.
    fn identifier(&self) -> String {
        let names = [self.hub, "\0", self.device].concat();
        format!(
            "hubgate.{}",
            hex("", &digest(&SHA256, names.as_bytes()).as_ref()[..16]).to_lowercase()
        )
    }
}

/// The common keys of a payload.
struct Payload<'a> {
    kind: &'a str,
    identifier: String,
    uuid: String,
    name: &'a str,
    description: &'a str,
}

impl Payload<'_> {
    fn dictionary(&self, content: &Markup) -> Markup {
        html! {
            dict {
                (content)
                key { "PayloadType" } (string(self.kind))
                key { "PayloadVersion" } integer { "1" }
                key { "PayloadIdentifier" } (string(&self.identifier))
                key { "PayloadUUID" } (string(&self.uuid))
                key { "PayloadDisplayName" } (string(self.name))
                key { "PayloadDescription" } (string(self.description))
            }
        }
    }
}

/// Renders a text, without the characters that XML does not allow.
fn string(text: &str) -> Markup {
    let text: String = text.chars().filter(|c| is_xml(*c)).collect();
    html! { string { (text) } }
}

fn data(bytes: &[u8]) -> Markup {
    html! { data { (STANDARD.encode(bytes)) } }
}

/// Reports whether a character is a Char of XML 1.0, except the carriage return, which parsers turn
/// into a line feed.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Returns a UUID of version 8 (RFC 9562) that depends on the content.
fn uuid(part: &str, content: &[u8]) -> String {
    let mut bytes =
        digest(&SHA256, &[part.as_bytes(), b"\0", content].concat()).as_ref()[..16].to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let groups = [0..4, 4..6, 6..8, 8..10, 10..16].map(|range| hex("", &bytes[range]));
    groups.join("-")
}

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "#,
    r#""http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#,
    "\n",
);

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Profile<'static> = Profile {
        hub: "home.test",
        device: "anna",
        pkcs12: b"pkcs12",
        password: "secret",
        server: None,
    };

    #[test]
    fn a_new_certificate_keeps_the_identifier_and_changes_the_uuid() {
        let renewed = Profile {
            pkcs12: b"other",
            ..ANNA
        };
        assert_eq!(renewed.identifier(), ANNA.identifier());
        assert_ne!(
            uuid("identity", renewed.pkcs12),
            uuid("identity", ANNA.pkcs12)
        );
        assert_ne!(renewed.encode(), ANNA.encode());
    }

    #[test]
    fn sites_and_devices_have_different_identifiers() {
        let other = Profile {
            device: "ben",
            ..ANNA
        };
        let elsewhere = Profile {
            hub: "work.test",
            ..ANNA
        };
        let glued = Profile {
            hub: "home.testa",
            device: "nna",
            ..ANNA
        };
        for one in [other, elsewhere, glued] {
            assert_ne!(one.identifier(), ANNA.identifier());
        }
    }

    #[test]
    fn a_name_cannot_end_its_element() {
        let device = "</string><true/>&\u{0}\u{1b}\u{ffff}\r";
        let text = String::from_utf8(Profile { device, ..ANNA }.encode()).unwrap();
        assert!(text.contains("<string>&lt;/string&gt;&lt;true/&gt;&amp;</string>"));
        assert!(!text.contains(['\u{0}', '\u{1b}', '\u{ffff}', '\r']));
    }

    #[test]
    fn the_certificate_of_the_server_is_optional() {
        let with = Profile {
            server: Some(b"der"),
            ..ANNA
        };
        let has_root = |profile: &Profile<'_>| {
            let text = String::from_utf8(profile.encode()).unwrap();
            text.contains("com.apple.security.root")
        };
        assert!(has_root(&with));
        assert!(!has_root(&ANNA));
    }
}

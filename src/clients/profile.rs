//! An Apple configuration profile: the `.mobileconfig` by which Safari, and every other program
//! that uses the keychain of an iPhone or Mac, gets the device's certificate.
//!
//! It is a property list in XML, which `maud` writes: its escapes are those of XML.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};

use crate::tls::hex;

/// What a profile installs, and how it is called.
#[derive(Clone, Copy)]
pub struct Profile<'a> {
    /// The name of the site, as in its address.
    pub hub: &'a str,
    /// The name of the device, which its owner reads in the settings.
    pub device: &'a str,
    /// The bytes of the PKCS#12 file.
    pub pkcs12: &'a [u8],
    /// The password of the PKCS#12 file.
    pub password: &'a str,
    /// The certificate of the server (DER), when the device would not trust it otherwise.
    pub server: Option<&'a [u8]>,
}

/// The bytes of a `.mobileconfig` file, a secret as the password is in it.
///
/// A later profile for the same device of the same hub takes the place of this one.
#[must_use]
pub fn encode(profile: &Profile<'_>) -> Vec<u8> {
    let list = html! {
        (PreEscaped(HEAD))
        plist version="1.0" { (profile.configuration()) }
    };
    list.into_string().into_bytes()
}

impl Profile<'_> {
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

    /// Key and certificate of the device.
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

    /// The certificate of the server, to be trusted.
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

    /// The same for the same device of the same hub, and in ASCII whatever their names.
    fn identifier(&self) -> String {
        let names = [self.hub, "\0", self.device].concat();
        format!(
            "hubgate.{}",
            hex("", &digest(&SHA256, names.as_bytes()).as_ref()[..16]).to_lowercase()
        )
    }
}

/// What every payload has.
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

/// Text without the characters XML has no way to write.
fn string(text: &str) -> Markup {
    let text: String = text.chars().filter(|c| is_xml(*c)).collect();
    html! { string { (text) } }
}

fn data(bytes: &[u8]) -> Markup {
    html! { data { (STANDARD.encode(bytes)) } }
}

/// Char of XML 1.0, but for the carriage return, which a reader would turn into a line feed.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// A UUID of version 8 (RFC 9562): other content has another one.
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
    fn the_identifier_stays_and_the_uuid_changes_with_a_new_certificate() {
        let renewed = Profile {
            pkcs12: b"other",
            ..ANNA
        };
        assert_eq!(renewed.identifier(), ANNA.identifier());
        assert_ne!(
            uuid("identity", renewed.pkcs12),
            uuid("identity", ANNA.pkcs12)
        );
        assert_ne!(encode(&renewed), encode(&ANNA));
    }

    #[test]
    fn hubs_and_devices_do_not_take_each_others_place() {
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
    fn a_name_cannot_break_out_of_its_element() {
        let device = "</string><true/>&\u{0}\u{1b}\u{ffff}\r";
        let text = String::from_utf8(encode(&Profile { device, ..ANNA })).unwrap();
        assert!(text.contains("<string>&lt;/string&gt;&lt;true/&gt;&amp;</string>"));
        assert!(!text.contains(['\u{0}', '\u{1b}', '\u{ffff}', '\r']));
    }

    #[test]
    fn the_server_is_in_it_only_when_asked_for() {
        let with = Profile {
            server: Some(b"der"),
            ..ANNA
        };
        let has_root = |profile| {
            let text = String::from_utf8(encode(profile)).unwrap();
            text.contains("com.apple.security.root")
        };
        assert!(has_root(&with));
        assert!(!has_root(&ANNA));
    }
}

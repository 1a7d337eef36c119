//! Apple configuration profiles (`.mobileconfig`): install a device's certificate in the keychain
//! of an iPhone or Mac, for Safari and every other program that uses it.
//!
//! A profile is an XML property list, written with `maud`, which escapes text as XML requires.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};

use crate::tls::hex;

/// The content and the names of a profile.
#[derive(Clone, Copy)]
pub(crate) struct Profile<'a> {
    /// Host of the site.
    pub hub: &'a str,
    /// Name of the device, shown in the settings.
    pub device: &'a str,
    /// Bytes of the PKCS#12 file.
    pub pkcs12: &'a [u8],
    /// Password of the PKCS#12 file.
    pub password: &'a str,
    /// Certificate of the server (DER), if the device would not trust it otherwise.
    pub server: Option<&'a [u8]>,
}

impl Profile<'_> {
    /// Encodes the `.mobileconfig` file, which contains the password.
    ///
    /// A later profile for the same device and host replaces an installed one.
    #[must_use]
    pub(crate) fn encode(&self) -> Vec<u8> {
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

    /// Builds the payload with key and certificate of the device.
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

    /// Builds the payload with the server certificate to trust.
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

    /// Returns an ASCII identifier that depends on host and device name only.
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

/// Renders a string element without the characters that XML cannot represent.
fn string(text: &str) -> Markup {
    let text: String = text.chars().filter(|c| is_xml(*c)).collect();
    html! { string { (text) } }
}

fn data(bytes: &[u8]) -> Markup {
    html! { data { (STANDARD.encode(bytes)) } }
}

/// Matches Char of XML 1.0 except the carriage return, which a parser turns into a line feed.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Derives a UUID of version 8 (RFC 9562) from the content.
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
        assert_ne!(renewed.encode(), ANNA.encode());
    }

    #[test]
    fn identifiers_of_other_hosts_and_devices_differ() {
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
        let text = String::from_utf8(Profile { device, ..ANNA }.encode()).unwrap();
        assert!(text.contains("<string>&lt;/string&gt;&lt;true/&gt;&amp;</string>"));
        assert!(!text.contains(['\u{0}', '\u{1b}', '\u{ffff}', '\r']));
    }

    #[test]
    fn only_a_given_server_certificate_is_included() {
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

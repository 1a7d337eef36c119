//! Texts about a client certificate that is missing (496) or invalid (495).

use std::fmt;

use time::OffsetDateTime;

use crate::{html::Language, tls::ClientCertificateError};

/// Title and text of 496 in English.
pub(super) const REQUIRED: [&str; 2] = [
    "Certificate required",
    "This site is for enrolled devices, and yours showed no certificate.",
];
/// Title and text of 496 in German.
pub(super) const REQUIRED_GERMAN: [&str; 2] = [
    "Zertifikat nötig",
    "Diese Seite ist für eingerichtete Geräte, und dieses hat kein Zertifikat gezeigt.",
];

/// Returns the steps to present a certificate, by kind of device.
pub(super) const fn steps(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            "*iPhone, iPad:* Safari asks for it when it is started anew. The openHAB app has one of its own: \
             open the .ohp12 file in it.",
            "*Android:* choose it when asked; in the openHAB app under Settings, your server, SSL client certificate. \
             Then force-stop the app once and try again.",
            "*Computer:* restart the browser and choose it when asked.",
            "*None installed yet?* Ask the owner of this site for an invitation.",
        ],
        Language::German => &[
            "*iPhone, iPad:* Safari fragt danach, wenn es neu gestartet wird. Die openHAB-App hat ein eigenes: \
             die .ohp12-Datei darin öffnen.",
            "*Android:* bei der Frage auswählen; in der openHAB-App unter Einstellungen, Server, SSL-Client-Zertifikat. \
             Dann das Beenden der App einmal erzwingen und es noch einmal versuchen.",
            "*Computer:* den Browser neu starten und das Zertifikat bei der Frage auswählen.",
            "*Noch keines installiert?* Der Betreiber dieser Seite kann einladen.",
        ],
    }
}

/// Returns title and text of 495 in English.
pub(super) const fn invalid(is_named: bool) -> [&'static str; 2] {
    let text = match is_named {
        true => "{name}: {reason}. Ask the owner of this site for a new one.",
        false => {
            "The certificate of this device was not accepted: {reason}. Ask the owner of this site for a new one."
        }
    };
    ["Certificate not accepted", text]
}

/// Returns title and text of 495 in German.
pub(super) const fn invalid_german(is_named: bool) -> [&'static str; 2] {
    let text = match is_named {
        true => "{name}: {reason}. Der Betreiber dieser Seite kann ein neues ausstellen.",
        false => {
            "Das Zertifikat dieses Geräts wurde nicht angenommen: {reason}. \
             Der Betreiber dieser Seite kann ein neues ausstellen."
        }
    };
    ["Zertifikat nicht angenommen", text]
}

impl ClientCertificateError {
    /// Returns the reason in a language.
    pub(super) fn text(&self, language: Language) -> String {
        match language {
            Language::English => self.to_string(),
            Language::German => self.german(),
        }
    }

    fn german(&self) -> String {
        match self {
            Self::Expired(day) => format!("das Zertifikat galt bis {}", GermanDate(*day)),
            Self::NotYetValid(day) => format!("das Zertifikat gilt erst ab {}", GermanDate(*day)),
            Self::CrlExpired(day) => format!(
                "die Liste der gesperrten Zertifikate galt bis {}",
                GermanDate(*day)
            ),
            Self::ShortKey(bits) => {
                format!("sein RSA-Schlüssel von {bits} Bit ist zu kurz; 2048 sind das Mindeste")
            }
            Self::LongKey { bits, most } => {
                format!("ein RSA-Schlüssel von {bits} Bit ist zu lang; {most} sind das Höchste")
            }
            Self::CaExpired(day) => {
                format!("das Zertifikat der CA galt bis {}", GermanDate(*day))
            }
            Self::CaNotYetValid(day) => {
                format!("das Zertifikat der CA gilt erst ab {}", GermanDate(*day))
            }
            _ => self.german_without_value().to_owned(),
        }
    }

    /// Returns the reason in German, of the variants without a value.
    fn german_without_value(&self) -> &'static str {
        match self {
            Self::UnknownKey => {
                "sein Schlüssel ist von einer Art, die nicht angenommen wird; RSA, ECDSA und Ed25519 werden es"
            }
            Self::TooManyPresented => {
                "das Gerät hat mehr als 8 Zertifikate gezeigt, oder mehr als 32 KiB davon"
            }
            Self::OldVersion => "das Zertifikat ist nicht von X.509-Version 3",
            Self::UnknownExtension => {
                "das Zertifikat hat eine kritische Erweiterung, die nicht verstanden wird"
            }
            Self::OtherCa => "eine andere CA hat das Zertifikat unterschrieben",
            Self::BadSignature => {
                "das Zertifikat wurde verändert, oder eine andere CA gleichen Namens hat es unterschrieben"
            }
            Self::Revoked => "das Zertifikat wurde gesperrt",
            Self::RevocationUnknown => "keine Liste gesperrter Zertifikate erfasst das Zertifikat",
            Self::NoUsage => {
                "das Zertifikat sagt nicht, dass es für Geräte gemacht ist (clientAuth)"
            }
            Self::NotForClients => "das Zertifikat ist nicht für Geräte gemacht",
            Self::IsCa => "das Zertifikat ist das einer CA, nicht das eines Geräts",
            Self::ChainTooLong => "zwischen CA und Zertifikat stehen mehr, als die CA erlaubt",
            Self::TooDeep => "über dem Zertifikat stehen mehr Zwischen-CAs, als die Seite erlaubt",
            Self::NameNotPermitted => "die CA darf die Namen im Zertifikat nicht unterschreiben",
            Self::WeakSignature => "die Art der Unterschrift gilt nicht mehr als sicher",
            Self::NotAllowed => {
                "das Zertifikat ist gut, steht aber nicht auf der Liste der eingelassenen"
            }
            _ => "das Zertifikat ist beschädigt oder von unbekannter Art",
        }
    }
}

/// A date in German, `3. November 2026`, in UTC.
struct GermanDate(OffsetDateTime);

impl fmt::Display for GermanDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.0.to_offset(time::UtcOffset::UTC);
        let month = MONTHS[usize::from(u8::from(date.month())) - 1];
        write!(formatter, "{}. {month} {}", date.day(), date.year())
    }
}

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

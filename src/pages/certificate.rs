//! The words for a device whose certificate is missing (496) or not good (495).

use time::OffsetDateTime;

use crate::{look::Language, tls::Reason};

/// Title and text for a device that showed none.
pub(super) const REQUIRED: [&str; 2] = [
    "Certificate required",
    "This site is for enrolled devices, and yours showed no certificate.",
];
/// The same in German.
pub(super) const REQUIRED_GERMAN: [&str; 2] = [
    "Zertifikat nötig",
    "Diese Seite ist für eingerichtete Geräte, und dieses hat kein Zertifikat gezeigt.",
];

/// What to do on each kind of device.
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

/// Title and text for a device whose certificate is not good.
pub(super) const fn invalid(is_named: bool) -> [&'static str; 2] {
    let text = match is_named {
        true => "{name}: {reason}. Ask the owner of this site for a new one.",
        false => {
            "The certificate of this device was not accepted: {reason}. Ask the owner of this site for a new one."
        }
    };
    ["Certificate not accepted", text]
}

/// The same in German.
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

/// Why a certificate does not count.
pub(crate) fn reason(reason: &Reason, language: Language) -> String {
    match language {
        Language::English => reason.to_string(),
        Language::German => german(reason),
    }
}

fn german(reason: &Reason) -> String {
    let text = match reason {
        Reason::Expired(day) => return format!("das Zertifikat galt bis {}", german_day(*day)),
        Reason::NotYetValid(day) => {
            return format!("das Zertifikat gilt erst ab {}", german_day(*day));
        }
        Reason::CrlExpired(day) => {
            return format!(
                "die Liste der gesperrten Zertifikate galt bis {}",
                german_day(*day)
            );
        }
        Reason::ShortKey(bits) => {
            return format!(
                "sein RSA-Schlüssel von {bits} Bit ist zu kurz; 2048 sind das Mindeste"
            );
        }
        Reason::LongKey { bits, most } => {
            return format!(
                "ein RSA-Schlüssel von {bits} Bit ist zu lang; {most} sind das Höchste"
            );
        }
        Reason::CaExpired(day) => {
            return format!("das Zertifikat der CA galt bis {}", german_day(*day));
        }
        Reason::CaNotYetValid(day) => {
            return format!("das Zertifikat der CA gilt erst ab {}", german_day(*day));
        }
        Reason::UnknownKey => {
            "sein Schlüssel ist von einer Art, die nicht angenommen wird; RSA, ECDSA und Ed25519 werden es"
        }
        Reason::TooManyShown => {
            "das Gerät hat mehr als 8 Zertifikate gezeigt, oder mehr als 32 KiB davon"
        }
        Reason::OldVersion => "das Zertifikat ist nicht von X.509-Version 3",
        Reason::UnknownExtension => {
            "das Zertifikat hat eine kritische Erweiterung, die nicht verstanden wird"
        }
        Reason::OtherCa => "eine andere CA hat das Zertifikat unterschrieben",
        Reason::BadSignature => {
            "das Zertifikat wurde verändert, oder eine andere CA gleichen Namens hat es unterschrieben"
        }
        Reason::Revoked => "das Zertifikat wurde gesperrt",
        Reason::RevocationUnknown => "keine Liste gesperrter Zertifikate erfasst das Zertifikat",
        Reason::NoUsage => "das Zertifikat sagt nicht, dass es für Geräte gemacht ist (clientAuth)",
        Reason::NotForClients => "das Zertifikat ist nicht für Geräte gemacht",
        Reason::IsCa => "das Zertifikat ist das einer CA, nicht das eines Geräts",
        Reason::ChainTooLong => "zwischen CA und Zertifikat stehen mehr, als die CA erlaubt",
        Reason::TooDeep => "über dem Zertifikat stehen mehr Zwischen-CAs, als die Seite erlaubt",
        Reason::NameNotPermitted => "die CA darf die Namen im Zertifikat nicht unterschreiben",
        Reason::WeakSignature => "die Art der Unterschrift gilt nicht mehr als sicher",
        Reason::NotAllowed => {
            "das Zertifikat ist gut, steht aber nicht auf der Liste der eingelassenen"
        }
        Reason::Malformed => "das Zertifikat ist beschädigt oder von unbekannter Art",
    };
    text.to_owned()
}

/// The day of a moment as people write it in German, `3. November 2026`, in UTC.
fn german_day(moment: OffsetDateTime) -> String {
    let day = moment.to_offset(time::UtcOffset::UTC);
    let month = MONTHS[usize::from(u8::from(day.month())) - 1];
    format!("{}. {month} {}", day.day(), day.year())
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

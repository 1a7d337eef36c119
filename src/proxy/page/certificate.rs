//! What a device is told whose certificate is missing (496) or not good (495), and what helps.

use http::StatusCode;
use maud::{Markup, html};
use time::OffsetDateTime;

use crate::{
    look::{
        self, Language,
        template::{Facts, fill},
    },
    proxy::answer::Answer,
    tls::Reason,
};

/// The texts of one language.
struct Texts {
    required: [&'static str; 2],
    /// What to do on each kind of device.
    steps: [&'static str; 4],
    invalid: &'static str,
    unnamed: &'static str,
    named: &'static str,
}

/// 496: this site is for devices with a certificate, and none came.
#[must_use]
pub fn required(language: Language) -> Answer {
    let texts = Texts::of(language);
    let [title, text] = texts.required;
    let content = html! {
        p { (text) }
        ul { @for step in texts.steps { li { (fill(step, &[])) } } }
    };
    answer(496, language, title, &content)
}

/// 495: a certificate came and is not good; the device is named when its certificate is known.
#[must_use]
pub fn invalid(language: Language, reason: &Reason, device: Option<&str>) -> Answer {
    let texts = Texts::of(language);
    let reason = match language {
        Language::English => reason.to_string(),
        Language::German => german(reason),
    };
    let facts: &Facts<'_> = &[("name", device.unwrap_or_default()), ("reason", &reason)];
    let text = device.map_or(texts.unnamed, |_| texts.named);
    answer(
        495,
        language,
        texts.invalid,
        &html! { p { (fill(text, facts)) } },
    )
}

fn answer(code: u16, language: Language, title: &str, text: &Markup) -> Answer {
    let content = html! { main.notice { h1 { (title) } (text) } };
    let page = look::document(language, title, &html! {}, &content);
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    Answer::html(status, page).closing()
}

impl Texts {
    const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }
}

static ENGLISH: Texts = Texts {
    required: [
        "Certificate required",
        "This site is for enrolled devices, and yours showed no certificate.",
    ],
    steps: [
        "*iPhone, iPad:* Safari asks for it when it is started anew. The openHAB app has one of its own: \
         open the .ohp12 file in it.",
        "*Android:* choose it when asked; in the openHAB app under Settings, your server, SSL client certificate. \
         Then force-stop the app once and try again.",
        "*Computer:* restart the browser and choose it when asked.",
        "*None installed yet?* Ask the owner of this site for an invitation.",
    ],
    invalid: "Certificate not accepted",
    unnamed: "The certificate of this device was not accepted: {reason}. Ask the owner of this site for a new one.",
    named: "{name}: {reason}. Ask the owner of this site for a new one.",
};

static GERMAN: Texts = Texts {
    required: [
        "Zertifikat nötig",
        "Diese Seite ist für eingerichtete Geräte, und dieses hat kein Zertifikat gezeigt.",
    ],
    steps: [
        "*iPhone, iPad:* Safari fragt danach, wenn es neu gestartet wird. Die openHAB-App hat ein eigenes: \
         die .ohp12-Datei darin öffnen.",
        "*Android:* bei der Frage auswählen; in der openHAB-App unter Einstellungen, Server, SSL-Client-Zertifikat. \
         Dann das Beenden der App einmal erzwingen und es noch einmal versuchen.",
        "*Computer:* den Browser neu starten und das Zertifikat bei der Frage auswählen.",
        "*Noch keines installiert?* Der Betreiber dieser Seite kann einladen.",
    ],
    invalid: "Zertifikat nicht angenommen",
    unnamed: "Das Zertifikat dieses Geräts wurde nicht angenommen: {reason}. Der Betreiber dieser Seite kann ein neues ausstellen.",
    named: "{name}: {reason}. Der Betreiber dieser Seite kann ein neues ausstellen.",
};

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

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const ENDED: Reason = Reason::Expired(datetime!(2026-11-03 23:59 UTC));

    fn text(answer: &Answer) -> &str {
        std::str::from_utf8(&answer.body).unwrap()
    }

    #[test]
    fn a_known_device_is_named_with_the_reason() {
        let page = invalid(Language::English, &ENDED, Some("Anna's <phone>"));
        let name = "<bdi dir=\"auto\">Anna's &lt;phone&gt;</bdi>";
        let said =
            format!("{name}: <bdi dir=\"auto\">the certificate ended on 3 November 2026</bdi>.");
        assert!(text(&page).contains(&said), "{}", text(&page));
        assert!(page.status == 495 && page.close);
    }

    #[test]
    fn an_unknown_device_is_told_the_reason_in_its_language() {
        let page = invalid(Language::German, &ENDED, None);
        let said =
            "nicht angenommen: <bdi dir=\"auto\">das Zertifikat galt bis 3. November 2026</bdi>.";
        assert!(text(&page).contains(said) && text(&page).contains("lang=\"de\""));
        let page = invalid(Language::English, &Reason::Revoked, None);
        assert!(
            text(&page).contains("not accepted: <bdi dir=\"auto\">the certificate was revoked")
        );
    }

    #[test]
    fn who_shows_none_is_told_what_to_do_on_each_device() {
        for language in [Language::English, Language::German] {
            let page = required(language);
            for word in ["iPhone", "Android", "Computer", ".ohp12", "openHAB"] {
                assert!(text(&page).contains(word), "{word}");
            }
            assert!(page.status == 496 && page.close);
        }
    }
}

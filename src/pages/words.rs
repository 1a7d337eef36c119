//! Title and text of each notice, in English and German.

use http::StatusCode;
use maud::{Markup, html};

use super::{certificate, notice::Notice};
use crate::{
    look::{
        Language,
        template::{Facts, fill, plain},
    },
    tls::Reason,
};

/// What a notice says in one language.
pub(super) struct Words {
    pub(super) title: String,
    text: &'static str,
    facts: Vec<(&'static str, String)>,
    /// What to do, step by step.
    pub(super) steps: &'static [&'static str],
    /// The cause in the words of the specification, which are English.
    pub(super) cause: Option<String>,
}

impl Words {
    pub(super) fn of(notice: &Notice, status: StatusCode, language: Language) -> Self {
        let [title, text] = texts(notice, language);
        let title = match (notice, language) {
            (Notice::Other, Language::English) => status.canonical_reason().unwrap_or(title),
            _ => title,
        };
        let steps: &[_] = match notice {
            Notice::CertificateRequired => certificate::steps(language),
            _ => &[],
        };
        Self {
            title: title.to_owned(),
            text,
            facts: facts(notice, language),
            steps,
            cause: cause(notice),
        }
    }

    /// The text as HTML.
    pub(super) fn markup(&self) -> Markup {
        let facts: Vec<_> = self
            .facts
            .iter()
            .map(|(name, fact)| (*name, fact.as_str()))
            .collect();
        let facts: &Facts<'_> = &facts;
        html! {
            p { (fill(self.text, facts)) }
            @if !self.steps.is_empty() {
                ul { @for step in self.steps { li { (fill(step, &[])) } } }
            }
            @if let Some(cause) = &self.cause { p.soft lang="en" { (cause) "." } }
        }
    }

    /// The text for programs.
    pub(super) fn plain(&self) -> String {
        let facts: Vec<_> = self
            .facts
            .iter()
            .map(|(name, fact)| (*name, fact.as_str()))
            .collect();
        let text = plain(self.text, &facts);
        match &self.cause {
            Some(cause) => format!("{text} ({cause})"),
            None => text,
        }
    }
}

fn facts(notice: &Notice, language: Language) -> Vec<(&'static str, String)> {
    let reason = |reason: &Reason| ("reason", certificate::reason(reason, language));
    match notice {
        Notice::Misdirected(host) => vec![("host", host.clone())],
        Notice::PasswordRequired(Some(invalid)) => vec![reason(invalid)],
        Notice::CertificateInvalid(invalid, device) => {
            vec![
                reason(invalid),
                ("name", device.clone().unwrap_or_default()),
            ]
        }
        _ => Vec::new(),
    }
}

fn cause(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Malformed(why) => Some(capital(why)),
        Notice::BadPath(why) => Some(capital(&why.to_string())),
        _ => None,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The link that sends the request again.
pub(super) const fn again(language: Language) -> &'static str {
    match language {
        Language::English => "Try again",
        Language::German => "Noch einmal versuchen",
    }
}

fn texts(notice: &Notice, language: Language) -> [&'static str; 2] {
    match language {
        Language::English => english(notice),
        Language::German => german(notice),
    }
}

fn english(notice: &Notice) -> [&'static str; 2] {
    match notice {
        Notice::Malformed(_) => [
            "This request was not understood",
            "Two programs could read it differently.",
        ],
        Notice::BadPath(_) => [
            "This address was not understood",
            "It could lead to two places.",
        ],
        Notice::Misdirected(_) => [
            "Unknown address",
            "No site here answers to \"{host}\" on this connection. To serve it, add the name to hosts in proxy.yaml.",
        ],
        Notice::ToHttps => ["Moved", "This site is served over https."],
        Notice::ToFolder => ["Moved", "This address ends in a slash."],
        Notice::ToOrigin => ["Moved", "This page is at another address."],
        Notice::PasswordRequired(None) => [
            "Password required",
            "Please enter your user name and password.",
        ],
        Notice::PasswordRequired(Some(_)) => [
            "Password required",
            "Please enter your user name and password. The certificate of this device was not accepted: {reason}.",
        ],
        Notice::CertificateRequired => certificate::REQUIRED,
        Notice::CertificateInvalid(_, device) => certificate::invalid(device.is_some()),
        Notice::Outside => [
            "Not from here",
            "This site is open in its own networks only.",
        ],
        Notice::ForeignOrigin => [
            "Stopped",
            "A page of another site asked for this in your name. It was stopped. Open it from this site's own pages; \
             to let that site's pages in, add their origin to access.origins in proxy.yaml.",
        ],
        Notice::Throttled => [
            "Please wait",
            "There were too many wrong passwords. Please wait a little before the next try.",
        ],
        Notice::TooLarge => [
            "Too large",
            "The file is larger than this site takes (limits.body in proxy.yaml).",
        ],
        notice => english_failure(notice),
    }
}

fn english_failure(notice: &Notice) -> [&'static str; 2] {
    match notice {
        Notice::HubStarting => [
            "The hub is starting",
            "The hub does not answer yet. After a restart this can take some minutes; this page tries again by itself.",
        ],
        Notice::OpenHabStarting => [
            "openHAB is starting",
            "openHAB does not answer yet. After a restart this can take some minutes; this page tries again by itself.",
        ],
        Notice::HubBroken => [
            "The hub answered wrongly",
            "The hub gave an answer that could not be used. Its log may say why.",
        ],
        Notice::HubSlow => ["The hub is too slow", "The hub took too long to answer."],
        Notice::ClientSlow => ["Too slow", "The request did not arrive in time."],
        Notice::Internal => [
            "Something went wrong",
            "This is a fault of hubgate; its log says more.",
        ],
        _ => ["Error", "The request could not be served."],
    }
}

fn german(notice: &Notice) -> [&'static str; 2] {
    match notice {
        Notice::Malformed(_) => [
            "Die Anfrage wurde nicht verstanden",
            "Zwei Programme könnten sie verschieden lesen.",
        ],
        Notice::BadPath(_) => [
            "Die Adresse wurde nicht verstanden",
            "Sie könnte an zwei Stellen führen.",
        ],
        Notice::Misdirected(_) => [
            "Unbekannte Adresse",
            "Keine Seite antwortet hier auf \"{host}\" über diese Verbindung. Soll sie es, gehört der Name zu hosts in \
             proxy.yaml.",
        ],
        Notice::ToHttps => ["Umgezogen", "Diese Seite gibt es über https."],
        Notice::ToFolder => ["Umgezogen", "Diese Adresse endet mit einem Schrägstrich."],
        Notice::ToOrigin => ["Umgezogen", "Diese Seite hat eine andere Adresse."],
        Notice::PasswordRequired(None) => [
            "Passwort nötig",
            "Bitte Benutzernamen und Passwort eingeben.",
        ],
        Notice::PasswordRequired(Some(_)) => [
            "Passwort nötig",
            "Bitte Benutzernamen und Passwort eingeben. Das Zertifikat dieses Geräts wurde nicht angenommen: {reason}.",
        ],
        Notice::CertificateRequired => certificate::REQUIRED_GERMAN,
        Notice::CertificateInvalid(_, device) => certificate::invalid_german(device.is_some()),
        Notice::Outside => [
            "Nicht von hier",
            "Diese Seite ist nur in ihren eigenen Netzen offen.",
        ],
        Notice::ForeignOrigin => [
            "Angehalten",
            "Eine fremde Seite hat das in Ihrem Namen angefragt. Es wurde angehalten. Bitte von den eigenen Seiten aus \
             öffnen; sollen die der anderen Seite eingelassen werden, gehört ihr Ursprung zu access.origins in proxy.yaml.",
        ],
        Notice::Throttled => [
            "Bitte warten",
            "Es gab zu viele falsche Passwörter. Bitte vor dem nächsten Versuch etwas warten.",
        ],
        Notice::TooLarge => [
            "Zu groß",
            "Die Datei ist größer, als diese Seite annimmt (limits.body in proxy.yaml).",
        ],
        notice => german_failure(notice),
    }
}

fn german_failure(notice: &Notice) -> [&'static str; 2] {
    match notice {
        Notice::HubStarting => [
            "Die Zentrale startet",
            "Die Zentrale antwortet noch nicht. Nach einem Neustart kann das einige Minuten dauern; diese Seite versucht \
             es von selbst wieder.",
        ],
        Notice::OpenHabStarting => [
            "openHAB startet",
            "openHAB antwortet noch nicht. Nach einem Neustart kann das einige Minuten dauern; diese Seite versucht es \
             von selbst wieder.",
        ],
        Notice::HubBroken => [
            "Die Zentrale hat falsch geantwortet",
            "Die Antwort der Zentrale war nicht zu gebrauchen. Ihr Protokoll sagt vielleicht, warum.",
        ],
        Notice::HubSlow => [
            "Die Zentrale ist zu langsam",
            "Die Zentrale hat zu lange nicht geantwortet.",
        ],
        Notice::ClientSlow => [
            "Zu langsam",
            "Die Anfrage ist nicht rechtzeitig angekommen.",
        ],
        Notice::Internal => [
            "Etwas ist schiefgegangen",
            "Das ist ein Fehler von hubgate; sein Protokoll sagt mehr.",
        ],
        _ => ["Fehler", "Die Anfrage konnte nicht beantwortet werden."],
    }
}

//! Title and text of each notice, in English and German.

use http::StatusCode;
use maud::{Markup, html};

use super::{certificate, notice::Notice};
use crate::{
    html::{Language, template::Facts},
    tls::ClientCertificateError,
};

/// Title and text of a notice in one language.
pub(super) struct NoticeText {
    pub(super) title: String,
    text: &'static str,
    facts: Vec<(&'static str, String)>,
    /// Steps to take.
    steps: &'static [&'static str],
    /// Cause in the words of the specification, which are English.
    cause: Option<String>,
}

impl NoticeText {
    pub(super) fn new(notice: &Notice, status: StatusCode, language: Language) -> Self {
        let [title, text] = match language {
            Language::English => notice.english(),
            Language::German => notice.german(),
        };
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
            facts: notice.facts(language),
            steps,
            cause: notice.cause(),
        }
    }

    /// Renders the text as HTML.
    pub(super) fn markup(&self) -> Markup {
        html! {
            p { (Facts::new(&self.facts()).fill(self.text)) }
            @if !self.steps.is_empty() {
                ul { @for step in self.steps { li { (Facts::new(&[]).fill(step)) } } }
            }
            @if let Some(cause) = &self.cause { p.soft lang="en" { (cause) "." } }
        }
    }

    /// Renders the text for the `detail` of a problem.
    pub(super) fn plain(&self) -> String {
        let text = Facts::new(&self.facts()).plain(self.text);
        match &self.cause {
            Some(cause) => format!("{text} ({cause})"),
            None => text,
        }
    }

    fn facts(&self) -> Vec<(&'static str, &str)> {
        let facts = self.facts.iter();
        facts.map(|(name, fact)| (*name, fact.as_str())).collect()
    }
}

impl Notice {
    /// Returns the label of the link that sends the request again.
    pub(super) fn retry_label(&self, language: Language) -> Option<&'static str> {
        self.can_be_retried().then_some(match language {
            Language::English => "Try again",
            Language::German => "Noch einmal versuchen",
        })
    }

    /// Returns the facts of the text, by name.
    fn facts(&self, language: Language) -> Vec<(&'static str, String)> {
        let reason = |reason: &ClientCertificateError| ("reason", reason.text(language));
        match self {
            Self::Misdirected(host) => vec![("host", host.clone())],
            Self::PasswordRequired(Some(invalid)) => vec![reason(invalid)],
            Self::CertificateInvalid(invalid, device) => {
                vec![
                    reason(invalid),
                    ("name", device.clone().unwrap_or_default()),
                ]
            }
            _ => Vec::new(),
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::Malformed(reason) => Some(capitalise(reason)),
            Self::BadPath(reason) => Some(capitalise(&reason.to_string())),
            _ => None,
        }
    }

    fn english(&self) -> [&'static str; 2] {
        match self {
            Self::Malformed(_) => [
                "This request was not understood",
                "Two programs could read it differently.",
            ],
            Self::BadPath(_) => [
                "This address was not understood",
                "It could lead to two places.",
            ],
            Self::Misdirected(_) => [
                "Unknown address",
                "No site here answers to \"{host}\" on this connection. To serve it, add the name to hosts in proxy.yaml.",
            ],
            Self::ToHttps => ["Moved", "This site is served over https."],
            Self::ToFolder => ["Moved", "This address ends in a slash."],
            Self::ToOrigin => ["Moved", "This page is at another address."],
            Self::PasswordRequired(None) => [
                "Password required",
                "Please enter your user name and password.",
            ],
            Self::PasswordRequired(Some(_)) => [
                "Password required",
                "Please enter your user name and password. The certificate of this device was not accepted: {reason}.",
            ],
            Self::CertificateRequired => certificate::REQUIRED,
            Self::CertificateInvalid(_, device) => certificate::invalid(device.is_some()),
            Self::Outside => [
                "Not from here",
                "This site is open in its own networks only.",
            ],
            Self::Masqueraded => [
                "Not from here",
                "This site is open in its own networks only, and the network of hubgate's container hides which one this \
                 request comes from. Its operator learns the cure by: hubgate doctor.",
            ],
            Self::ForeignOrigin => [
                "Stopped",
                "A page of another site asked for this in your name. It was stopped. Open it from this site's own pages; \
                 to let that site's pages in, add their origin to access.origins in proxy.yaml.",
            ],
            Self::Throttled => [
                "Please wait",
                "There were too many wrong passwords. Please wait a little before the next try.",
            ],
            Self::TooLarge => [
                "Too large",
                "The file is larger than this site takes (limits.body in proxy.yaml).",
            ],
            _ => self.english_failure(),
        }
    }

    fn english_failure(&self) -> [&'static str; 2] {
        match self {
            Self::HubStarting => [
                "The hub is starting",
                "The hub does not answer yet. After a restart this can take some minutes; this page tries again by itself.",
            ],
            Self::OpenHabStarting => [
                "openHAB is starting",
                "openHAB does not answer yet. After a restart this can take some minutes; this page tries again by itself.",
            ],
            Self::HubBroken => [
                "The hub answered wrongly",
                "The hub gave an answer that could not be used. Its log may say why.",
            ],
            Self::HubSlow => ["The hub is too slow", "The hub took too long to answer."],
            Self::ClientSlow => ["Too slow", "The request did not arrive in time."],
            Self::Internal => [
                "Something went wrong",
                "This is a fault of hubgate; its log says more.",
            ],
            _ => ["Error", "The request could not be served."],
        }
    }

    fn german(&self) -> [&'static str; 2] {
        match self {
            Self::Malformed(_) => [
                "Die Anfrage wurde nicht verstanden",
                "Zwei Programme könnten sie verschieden lesen.",
            ],
            Self::BadPath(_) => [
                "Die Adresse wurde nicht verstanden",
                "Sie könnte an zwei Stellen führen.",
            ],
            Self::Misdirected(_) => [
                "Unbekannte Adresse",
                "Keine Seite antwortet hier auf \"{host}\" über diese Verbindung. Soll sie es, gehört der Name zu hosts in \
                 proxy.yaml.",
            ],
            Self::ToHttps => ["Umgezogen", "Diese Seite gibt es über https."],
            Self::ToFolder => ["Umgezogen", "Diese Adresse endet mit einem Schrägstrich."],
            Self::ToOrigin => ["Umgezogen", "Diese Seite hat eine andere Adresse."],
            Self::PasswordRequired(None) => [
                "Passwort nötig",
                "Bitte Benutzernamen und Passwort eingeben.",
            ],
            Self::PasswordRequired(Some(_)) => [
                "Passwort nötig",
                "Bitte Benutzernamen und Passwort eingeben. Das Zertifikat dieses Geräts wurde nicht angenommen: {reason}.",
            ],
            Self::CertificateRequired => certificate::REQUIRED_GERMAN,
            Self::CertificateInvalid(_, device) => certificate::invalid_german(device.is_some()),
            Self::Outside => [
                "Nicht von hier",
                "Diese Seite ist nur in ihren eigenen Netzen offen.",
            ],
            Self::Masqueraded => [
                "Nicht von hier",
                "Diese Seite ist nur in ihren eigenen Netzen offen, und das Netz des Containers von hubgate verbirgt, aus \
                 welchem diese Anfrage kommt. Abhilfe nennt dem Betreiber: hubgate doctor.",
            ],
            Self::ForeignOrigin => [
                "Angehalten",
                "Eine fremde Seite hat das in Ihrem Namen angefragt. Es wurde angehalten. Bitte von den eigenen Seiten aus \
                 öffnen; sollen die der anderen Seite eingelassen werden, gehört ihr Ursprung zu access.origins in proxy.yaml.",
            ],
            Self::Throttled => [
                "Bitte warten",
                "Es gab zu viele falsche Passwörter. Bitte vor dem nächsten Versuch etwas warten.",
            ],
            Self::TooLarge => [
                "Zu groß",
                "Die Datei ist größer, als diese Seite annimmt (limits.body in proxy.yaml).",
            ],
            _ => self.german_failure(),
        }
    }

    fn german_failure(&self) -> [&'static str; 2] {
        match self {
            Self::HubStarting => [
                "Die Zentrale startet",
                "Die Zentrale antwortet noch nicht. Nach einem Neustart kann das einige Minuten dauern; diese Seite versucht \
             es von selbst wieder.",
            ],
            Self::OpenHabStarting => [
                "openHAB startet",
                "openHAB antwortet noch nicht. Nach einem Neustart kann das einige Minuten dauern; diese Seite versucht es \
                 von selbst wieder.",
            ],
            Self::HubBroken => [
                "Die Zentrale hat falsch geantwortet",
                "Die Antwort der Zentrale war nicht zu gebrauchen. Ihr Protokoll sagt vielleicht, warum.",
            ],
            Self::HubSlow => [
                "Die Zentrale ist zu langsam",
                "Die Zentrale hat zu lange nicht geantwortet.",
            ],
            Self::ClientSlow => [
                "Zu langsam",
                "Die Anfrage ist nicht rechtzeitig angekommen.",
            ],
            Self::Internal => [
                "Etwas ist schiefgegangen",
                "Das ist ein Fehler von hubgate; sein Protokoll sagt mehr.",
            ],
            _ => ["Fehler", "Die Anfrage konnte nicht beantwortet werden."],
        }
    }
}

fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

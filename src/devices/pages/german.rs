//! The pages in German.

use super::texts::{Code, Guide, Over, Password, Status, Texts, Trial};

pub(super) static GERMAN: Texts = Texts {
    title: "{name} einrichten",
    code: Code {
        label: "Sechsstelliger Code",
        hint: "Er steht neben dem QR-Code.",
        one_try: "Noch ein Versuch.",
        tries: "Noch {tries} Versuche.",
        wrong: "Das war nicht der Code.",
        go: "Weiter",
    },
    password: Password {
        label: "Passwort für das Zertifikat",
        copy: "Kopieren",
        copied: "Kopiert",
        selected: "Markiert",
    },
    trial: Trial {
        title: "Ausprobieren",
        at_home: "Zu Hause wird kein Zertifikat verlangt. Dieser Knopf verlangt es einmal: \
                  {name} auswählen. Für die openHAB-App kurz das WLAN ausschalten.",
        button: "Jetzt ausprobieren",
        asked: "Die Adresse öffnen und {name} auswählen, wenn nach einem Zertifikat gefragt wird:",
    },
    status: Status {
        waiting: "Warten auf {name}\u{a0}…",
        seen: "{name} ist drin",
        late: "{name} war noch nicht da.",
        again: "Nachsehen",
        open: "Öffnen",
    },
    over: Over {
        unknown: [
            "Dieser Link gilt nicht",
            "Er wurde schon benutzt, seine Zeit ist um, oder er ist unvollständig. Bitte einen neuen geben lassen.",
        ],
        tries: [
            "Zu viele falsche Codes",
            "Zur Sicherheit gilt der Link nicht mehr. Bitte einen neuen geben lassen.",
        ],
        asked_here: [
            "Nicht über diese Verbindung",
            "Hier ist schon ein Zertifikat nötig. Bitte zu Hause ins WLAN gehen und den Link noch einmal öffnen.",
        ],
        not_issued: [
            "Kein Zertifikat ausgestellt",
            "Bitte dem Betreiber dieser Seite sagen: {reason}. Dann den Link noch einmal öffnen.",
        ],
    },
    another: "Anderes Gerät oder anderer Browser?",
    app: Guide {
        title: "openHAB-App",
        summary: "iPhone, iPad: openHAB-App",
        button: "Für die openHAB-App",
        steps: &[
            "Auf den Knopf tippen, dann auf *Laden*.",
            "Die Datei aus den Downloads von Safari öffnen, auf *Teilen* tippen und *openHAB* wählen.",
            "Das Passwort einsetzen.",
            "In den Einstellungen der App ist die Remote-URL {address}",
        ],
    },
    safari: Guide {
        title: "Safari und Home-Bildschirm",
        summary: "iPhone, iPad: Safari",
        button: "Für Safari und Home-Bildschirm",
        steps: &[
            "In Safari auf den Knopf tippen, dann auf *Zulassen*.",
            "*Einstellungen › Profil geladen* öffnen und auf *Installieren* tippen.",
            "Falls nach dem Passwort des Zertifikats gefragt wird, es einsetzen.",
        ],
    },
    trust: "*Einstellungen › Allgemein › Info › Zertifikatsvertrauenseinstellungen* öffnen und {site} einschalten.",
    android: Guide {
        title: "openHAB-App und Chrome",
        summary: "Android",
        button: "Zertifikat herunterladen",
        steps: &[
            "Auf den Knopf tippen und die heruntergeladene Datei öffnen.",
            "Das Passwort einsetzen, *VPN- und App-Nutzerzertifikat* wählen und einen beliebigen Namen geben.",
            "In der openHAB-App *Einstellungen*, den Server, *SSL-Client-Zertifikat* öffnen und {name} wählen. \
             Die Remote-URL ist {address}",
            "Die App einmal beenden: Symbol gedrückt halten, dann *App-Info › Beenden erzwingen*.",
            "Chrome benutzt dasselbe Zertifikat: bei der Frage auswählen.",
        ],
    },
    windows: Guide {
        title: "Edge, Chrome und Firefox",
        summary: "Windows",
        button: "Zertifikat herunterladen",
        steps: &[
            "Die heruntergeladene Datei öffnen und *Aktueller Benutzer* wählen.",
            "Das Passwort einsetzen, dann *Weiter* bis *Fertig stellen*.",
            "Den Browser neu starten und bei der Frage {name} wählen.",
        ],
    },
    mac_os: Guide {
        title: "Safari, Chrome und Firefox",
        summary: "Mac",
        button: "Zertifikat herunterladen",
        steps: &[
            "Die heruntergeladene Datei öffnen und zum Schlüsselbund *Anmeldung* hinzufügen.",
            "Das Passwort einsetzen.",
            "Den Browser neu starten, bei der Frage {name} wählen, dann *Immer erlauben*.",
        ],
    },
    firefox: Guide {
        title: "Firefox und Chrome",
        summary: "Firefox; Chrome unter Linux",
        button: "Zertifikat herunterladen",
        steps: &[
            "Firefox: *Einstellungen › Datenschutz & Sicherheit › Zertifikate anzeigen › Ihre Zertifikate › Importieren*.",
            "Chrome unter Linux: chrome://certificate-manager öffnen, dann *Meine Zertifikate › Importieren*.",
            "Die heruntergeladene Datei wählen und das Passwort einsetzen.",
        ],
    },
};

//! The pages in English.

use super::texts::{Code, Guide, Over, Password, Status, Texts, Trial};

pub(super) static ENGLISH: Texts = Texts {
    title: "Set up {name}",
    code: Code {
        label: "Six-digit code",
        hint: "It stands beside the QR code.",
        one_try: "One try is left.",
        tries: "{tries} tries are left.",
        wrong: "That was not the code.",
        go: "Continue",
    },
    password: Password {
        label: "Password for the certificate",
        copy: "Copy",
        copied: "Copied",
        selected: "Selected",
    },
    trial: Trial {
        title: "Try it",
        at_home: "At home no certificate is requested. This button requests it once: choose {name}. \
                  To try the openHAB app, switch Wi-Fi off for a moment.",
        button: "Try it now",
        asked: "Open the address and choose {name} when asked for a certificate:",
    },
    status: Status {
        waiting: "Waiting for {name}…",
        seen: "{name} is in",
        late: "{name} has not come yet.",
        again: "Look again",
        open: "Open",
    },
    over: Over {
        unknown: [
            "This link is not valid",
            "It was used already, its time is over, or it is not complete. Ask for a new one.",
        ],
        tries: [
            "Too many wrong codes",
            "For safety the link has ended. Ask for a new one.",
        ],
        asked_here: [
            "Not over this connection",
            "Here you need a certificate already. Connect to the Wi-Fi at home and open the link again.",
        ],
        not_issued: [
            "No certificate was made",
            "Send the reason to the owner of this site: {reason}. Then open the link again.",
        ],
    },
    another: "Another device or browser?",
    app: Guide {
        title: "openHAB app",
        summary: "iPhone, iPad: openHAB app",
        button: "For the openHAB app",
        steps: &[
            "Tap the button, then *Download*.",
            "Open the file from Safari's downloads, tap *Share* and choose *openHAB*.",
            "Paste the password.",
            "In the app's settings, the remote URL is {address}",
        ],
    },
    safari: Guide {
        title: "Safari and home-screen apps",
        summary: "iPhone, iPad: Safari",
        button: "For Safari and home-screen apps",
        steps: &[
            "Tap the button in Safari, then *Allow*.",
            "Open *Settings › Profile Downloaded* and tap *Install*.",
            "If it asks for the certificate's password, paste it.",
        ],
    },
    trust: "Open *Settings › General › About › Certificate Trust Settings* and switch {site} on.",
    android: Guide {
        title: "openHAB app and Chrome",
        summary: "Android",
        button: "Download the certificate",
        steps: &[
            "Tap the button and open the downloaded file.",
            "Paste the password, choose *VPN & app user certificate* and give it any name.",
            "In the openHAB app, open *Settings*, your server, *SSL client certificate*, and choose {name}. \
             The remote server URL is {address}",
            "Once, force-stop the app: hold its icon, then *App info › Force stop*.",
            "Chrome uses the same certificate: choose it when asked.",
        ],
    },
    windows: Guide {
        title: "Edge, Chrome and Firefox",
        summary: "Windows",
        button: "Download the certificate",
        steps: &[
            "Open the downloaded file and choose *Current User*.",
            "Paste the password, then *Next* until *Finish*.",
            "Restart the browser and choose {name} when asked.",
        ],
    },
    mac_os: Guide {
        title: "Safari, Chrome and Firefox",
        summary: "Mac",
        button: "Download the certificate",
        steps: &[
            "Open the downloaded file and add it to the keychain *login*.",
            "Paste the password.",
            "Restart the browser, choose {name} when asked, then *Always Allow*.",
        ],
    },
    firefox: Guide {
        title: "Firefox and Chrome",
        summary: "Firefox; Chrome on Linux",
        button: "Download the certificate",
        steps: &[
            "Firefox: *Settings › Privacy & Security › View Certificates › Your Certificates › Import*.",
            "Chrome on Linux: open chrome://certificate-manager, then *Your certificates › Import*.",
            "Choose the downloaded file and paste the password.",
        ],
    },
};

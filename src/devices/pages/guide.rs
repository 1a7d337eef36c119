//! The installation steps of the download page, those of the requesting device first.

use maud::{Markup, html};

use super::{DownloadPage, Platform, texts::Guide};

/// A file of the certificate with its installation steps.
struct Way {
    device: Platform,
    guide: &'static Guide,
    extension: &'static str,
}

impl DownloadPage<'_> {
    /// Renders the steps of the requesting device.
    pub(super) fn own_guides(&self) -> Markup {
        let is_own = |way: &Way| way.device == self.ready.device;
        html! {
            div #own {
                @for way in self.ways().into_iter().filter(is_own) {
                    section.card { h2 { (way.guide.title) } (self.steps(&way)) }
                }
            }
        }
    }

    /// Renders the steps of other devices, folded.
    pub(super) fn other_guides(&self) -> Markup {
        let is_other = |way: &Way| way.device != self.ready.device;
        html! {
            details.card {
                summary { (self.texts.another) }
                @for way in self.ways().into_iter().filter(is_other) {
                    details data-device=(way.device.word()) {
                        summary { (way.guide.summary) }
                        (self.steps(&way))
                    }
                }
            }
        }
    }

    fn ways(&self) -> [Way; 6] {
        let texts = self.texts;
        [
            (Platform::IPhone, &texts.app, "ohp12"),
            (Platform::IPhone, &texts.safari, "mobileconfig"),
            (Platform::Android, &texts.android, "p12"),
            (Platform::Windows, &texts.windows, "p12"),
            (Platform::MacOs, &texts.mac_os, "p12"),
            (Platform::Other, &texts.firefox, "p12"),
        ]
        .map(|(device, guide, extension)| Way {
            device,
            guide,
            extension,
        })
    }

    fn steps(&self, way: &Way) -> Markup {
        let ready = self.ready;
        let needs_trust = ready.self_signed && way.extension == "mobileconfig";
        html! {
            a.button href={ (ready.base) "/" (ready.file) "." (way.extension) } { (way.guide.button) }
            ol {
                @for step in way.guide.steps { li { (self.facts.fill(step)) } }
                @if needs_trust { li { (self.facts.fill(self.texts.trust)) } }
            }
        }
    }
}

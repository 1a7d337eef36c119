//! The guides to install a certificate on a device: its own first, and those of other devices.

use maud::{Markup, html};

use crate::look::template::Facts;

use super::{
    Device, Language, Ready,
    texts::{Guide, Texts},
};

/// One way to install a certificate.
struct Installation {
    device: Device,
    guide: &'static Guide,
    /// Extension of the file.
    extension: &'static str,
}

impl Ready<'_> {
    /// Renders the guides for the device that views the page.
    pub(super) fn own_guides(&self, facts: Facts<'_>) -> Markup {
        let installations = Installation::all(self.language).into_iter();
        let own = installations.filter(|installation| installation.device == self.device);
        html! {
            div #own {
                @for installation in own {
                    section.card { h2 { (installation.guide.title) } (self.steps(&installation, facts)) }
                }
            }
        }
    }

    /// Renders the guides for all other devices, collapsed.
    pub(super) fn other_guides(&self, facts: Facts<'_>) -> Markup {
        let installations = Installation::all(self.language).into_iter();
        let others = installations.filter(|installation| installation.device != self.device);
        html! {
            details.card {
                summary { (Texts::of(self.language).another) }
                @for installation in others {
                    details data-device=(installation.device.id()) {
                        summary { (installation.guide.summary) }
                        (self.steps(&installation, facts))
                    }
                }
            }
        }
    }

    fn steps(&self, installation: &Installation, facts: Facts<'_>) -> Markup {
        let guide = installation.guide;
        let trust = self.self_signed && installation.extension == "mobileconfig";
        html! {
            a.button href={ (self.base) "/" (self.file) "." (installation.extension) } { (guide.button) }
            ol {
                @for step in guide.steps { li { (facts.fill(step)) } }
                @if trust { li { (facts.fill(Texts::of(self.language).trust)) } }
            }
        }
    }
}

impl Installation {
    fn all(language: Language) -> [Self; 6] {
        let texts = Texts::of(language);
        [
            (Device::IPhone, &texts.app, "ohp12"),
            (Device::IPhone, &texts.safari, "mobileconfig"),
            (Device::Android, &texts.android, "p12"),
            (Device::Windows, &texts.windows, "p12"),
            (Device::MacOs, &texts.mac_os, "p12"),
            (Device::Other, &texts.firefox, "p12"),
        ]
        .map(|(device, guide, extension)| Self {
            device,
            guide,
            extension,
        })
    }
}

//! The steps by which a certificate gets into a device, its own first.

use maud::{Markup, html};

use crate::look::template::{Facts, fill};

use super::{
    Device, Language, Ready,
    texts::{Guide, Texts},
};

/// A way to take the certificate: the device, its steps, and the file's ending.
struct Way {
    device: Device,
    guide: &'static Guide,
    ending: &'static str,
}

/// The steps for the device in front of the page.
pub(super) fn own(ready: &Ready<'_>, facts: &Facts<'_>) -> Markup {
    html! {
        div #own {
            @for way in ways(ready.language).into_iter().filter(|way| way.device == ready.device) {
                section.card { h2 { (way.guide.title) } (steps(ready, &way, facts)) }
            }
        }
    }
}

/// The steps for all others, folded.
pub(super) fn others(ready: &Ready<'_>, facts: &Facts<'_>) -> Markup {
    html! {
        details.card {
            summary { (Texts::of(ready.language).another) }
            @for way in ways(ready.language).into_iter().filter(|way| way.device != ready.device) {
                details data-device=(way.device.word()) {
                    summary { (way.guide.summary) }
                    (steps(ready, &way, facts))
                }
            }
        }
    }
}

fn ways(language: Language) -> [Way; 6] {
    let texts = Texts::of(language);
    [
        (Device::IPhone, &texts.app, "ohp12"),
        (Device::IPhone, &texts.safari, "mobileconfig"),
        (Device::Android, &texts.android, "p12"),
        (Device::Windows, &texts.windows, "p12"),
        (Device::MacOs, &texts.mac_os, "p12"),
        (Device::Other, &texts.firefox, "p12"),
    ]
    .map(|(device, guide, ending)| Way {
        device,
        guide,
        ending,
    })
}

fn steps(ready: &Ready<'_>, way: &Way, facts: &Facts<'_>) -> Markup {
    let trust = ready.self_signed && way.ending == "mobileconfig";
    html! {
        a.button href={ (ready.base) "/" (ready.file) "." (way.ending) } { (way.guide.button) }
        ol {
            @for step in way.guide.steps { li { (fill(step, facts)) } }
            @if trust { li { (fill(Texts::of(ready.language).trust, facts)) } }
        }
    }
}

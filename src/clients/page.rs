//! The enrolment pages: the form for the code, the download page, and the notices for
//! links without a page.
//!
//! The module only renders HTML. The pages load no resource and work without their script.

pub mod device;
mod english;
mod german;
mod guide;
mod texts;
mod translation;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{Markup, PreEscaped, html};

use crate::look::{self, STYLE, template::Facts};

pub use self::device::Device;
pub use crate::look::Language;

use self::texts::{Password, Status, Texts, Trial};

/// The content of the download page.
#[derive(Clone, Copy)]
pub struct Ready<'a> {
    /// Language of the page.
    pub language: Language,
    /// Type of the device that views the page; its guides are first.
    pub device: Device,
    /// Name of the device, such as `Anna's phone`.
    pub name: &'a str,
    /// Host of the site, with the port unless it is 443.
    pub host: &'a str,
    /// Password of the files.
    pub password: &'a str,
    /// Path of the page, which is also the folder of its files.
    pub base: &'a str,
    /// Base name of the files, such as `annas-phone`.
    pub file: &'a str,
    /// The profile has the server's certificate, which the user must trust in the settings.
    pub self_signed: bool,
    /// Connections from the client's address request a certificate; otherwise the page has a button
    /// that posts to `try` under its path.
    pub asked_here: bool,
    /// The device has presented the certificate in a handshake.
    pub seen: bool,
}

/// The reason for which a link has no page.
#[derive(Clone, Copy, Debug)]
pub enum Over<'a> {
    /// The link is unknown, expired or used; the page does not distinguish them.
    Unknown,
    /// Too many codes were wrong.
    Tries,
    /// The connection requests a certificate, which the device does not have yet.
    AskedHere,
    /// No certificate could be issued, for this reason.
    NotIssued(&'a str),
}

/// Renders the form for the code, which is posted to the same address as `code`.
#[must_use]
pub fn code(language: Language, name: &str, wrong: bool, tries_left: u8) -> String {
    let texts = Texts::of(language);
    let tries = tries_left.to_string();
    let facts = [("name", name), ("tries", &tries)];
    let facts = Facts::new(&facts);
    let left = if tries_left == 1 {
        texts.code.one_try
    } else {
        texts.code.tries
    };
    let content = html! {
        main {
            h1 { (facts.fill(texts.title)) }
            form.card method="post" {
                label for="code" { (texts.code.label) }
                @if wrong { p #wrong.bad role="alert" { (texts.code.wrong) " " (facts.fill(left)) } }
                @else { p #hint.soft { (texts.code.hint) } }
                input #code name="code" type="text" inputmode="numeric" autocomplete="one-time-code"
                    pattern="[0-9]{6}" maxlength="6" required autofocus
                    aria-describedby=(if wrong { "wrong" } else { "hint" })
                    aria-invalid=[wrong.then_some("true")];
                button.button { (texts.code.go) }
            }
        }
    };
    look::document(language, &facts.plain(texts.title), &head(), &content)
}

/// Renders the download page, which polls until the device presents its certificate.
#[must_use]
pub fn ready(ready: &Ready<'_>) -> String {
    let texts = Texts::of(ready.language);
    let address = format!("https://{}", ready.host);
    let facts = [
        ("name", ready.name),
        ("host", ready.host),
        ("site", without_port(ready.host)),
        ("address", &address),
    ];
    let facts = Facts::new(&facts);
    let content = html! {
        main.seen[ready.seen] data-device=(ready.device.id()) data-state={ (ready.base) "/state" } {
            h1 { (facts.fill(texts.title)) }
            (texts.password.section(ready.password))
            (ready.own_guides(facts))
            (ready.test_section(&texts.trial, facts))
            (ready.other_guides(facts))
            (ready.status_section(&texts.status, facts))
        }
        script { (PreEscaped(SCRIPT)) }
    };
    let head = html! {
        (head())
        @if !ready.seen { noscript { meta http-equiv="refresh" content=(RELOAD); } }
    };
    look::document(ready.language, &facts.plain(texts.title), &head, &content)
}

/// Renders the notice for a link that has no page.
#[must_use]
pub fn over(language: Language, over: Over<'_>) -> String {
    let texts = &Texts::of(language).over;
    let ([title, text], reason) = match over {
        Over::Unknown => (texts.unknown, ""),
        Over::Tries => (texts.tries, ""),
        Over::AskedHere => (texts.asked_here, ""),
        Over::NotIssued(reason) => (texts.not_issued, reason),
    };
    let text = html! { p { (Facts::new(&[("reason", reason)]).fill(text)) } };
    let notice = look::Notice {
        language,
        site: None,
        title,
        text: &text,
        retry: None,
        status: None,
    };
    notice.document(&head())
}

/// Returns the `Content-Security-Policy` of these pages: it allows their own style and script only.
#[must_use]
pub fn content_security_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        source(STYLE),
        source(SCRIPT),
    )
}

/// Returns the hash source of an inline style or script.
fn source(inline: &str) -> String {
    format!(
        "sha256-{}",
        BASE64_STANDARD.encode(digest(&SHA256, inline.as_bytes()))
    )
}

/// Renders the common elements of the head. With the policy `no-referrer` a browser would send
/// `Origin: null` with the form, as for another site's page; `strict-origin` reveals no path.
fn head() -> Markup {
    html! {
        meta name="referrer" content="strict-origin";
        meta name="format-detection" content="telephone=no";
    }
}

/// Returns the host without its port, as the server's certificate names it.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

impl Password {
    fn section(&self, password: &str) -> Markup {
        html! {
            section.card {
                h2 { (self.label) }
                div.password {
                    code #password translate="no" dir="ltr" { (password) }
                    button #copy.button.plain type="button" aria-live="polite" hidden
                        data-copied=(self.copied) data-selected=(self.selected) { (self.copy) }
                }
            }
        }
    }
}

impl Ready<'_> {
    fn test_section(&self, texts: &Trial, facts: Facts<'_>) -> Markup {
        html! {
            section.card.try {
                h2 { (texts.title) }
                @if self.asked_here {
                    p { (facts.fill(texts.asked)) }
                    (self.site_link("button plain", &facts.fill("{host}")))
                } @else {
                    p { (facts.fill(texts.at_home)) }
                    form method="post" action={ (self.base) "/try" } { button.button.plain { (texts.button) } }
                }
            }
        }
    }

    fn status_section(&self, texts: &Status, facts: Facts<'_>) -> Markup {
        html! {
            div.status role="status" aria-live="polite" {
                p.waiting { span.ring aria-hidden="true" {} span { (facts.fill(texts.waiting)) } }
                p.paused {
                    span { (facts.fill(texts.late)) }
                    a href=(self.base) { (texts.again) }
                }
                p.in {
                    span.tick aria-hidden="true" { "✓" }
                    span { (facts.fill(texts.seen)) }
                    (self.site_link("", &html! { (texts.open) }))
                }
            }
        }
    }

    fn site_link(&self, class: &str, text: &Markup) -> Markup {
        html! {
            a class=[Some(class).filter(|class| !class.is_empty())] href={ "https://" (self.host) "/" }
                rel="noreferrer" { (text) }
        }
    }
}

const SCRIPT: &str = include_str!("page/script.js");

/// Seconds after which the page reloads without a script: long enough to copy the password.
const RELOAD: u32 = 30;

#[cfg(test)]
mod tests;

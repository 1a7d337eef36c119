//! The enrolment pages: the code form, the download page and the notices of their failures.
//!
//! Each function renders HTML from its arguments and decides nothing. The pages load no resources
//! and work without their script.

pub mod device;
mod english;
mod german;
mod guide;
pub(crate) mod probe_certificate;
mod texts;
mod translation;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{Markup, PreEscaped, html};

use self::texts::Texts;
use crate::html::{self, STYLE, template::Facts};

pub use self::device::Platform;
pub use crate::html::Language;

/// Content of the download page.
#[derive(Clone, Copy)]
pub struct Ready<'a> {
    /// Language of the page.
    pub language: Language,
    /// Kind of device that requested the page; its steps are first.
    pub device: Platform,
    /// Name of the device, such as `Anna's phone`.
    pub name: &'a str,
    /// Host of the site, with a port unless it is 443.
    pub host: &'a str,
    /// Password of the files.
    pub password: &'a str,
    /// Path of the page; its files are below.
    pub base: &'a str,
    /// Stem of the file names, such as `annas-phone`.
    pub file: &'a str,
    /// The profile includes the server's certificate, which the owner must trust in the settings.
    pub self_signed: bool,
    /// Handshakes from this address request a client certificate; otherwise the page shows a
    /// button that opens a test window by a POST to `try` below the page's path.
    pub asked_here: bool,
    /// The certificate was used in a handshake.
    pub seen: bool,
}

/// Reason for a notice instead of an enrolment page.
#[derive(Clone, Copy, Debug)]
pub enum InvitationEnd<'a> {
    /// The link is unknown, expired or used; the page does not reveal which.
    Unknown,
    /// Three wrong codes were entered.
    Tries,
    /// The connection requested a certificate, which a device cannot have yet.
    AskedHere,
    /// No certificate could be issued; holds the reason.
    NotIssued(&'a str),
}

/// Renders the code form, which sends the field `code` by POST to the same address.
#[must_use]
pub fn code(language: Language, name: &str, wrong: bool, tries_left: u8) -> String {
    let texts = Texts::for_language(language);
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
    html::document(language, &facts.plain(texts.title), &head(), &content)
}

/// Renders the download page, which waits for the first use of the certificate.
#[must_use]
pub fn ready(ready: &Ready<'_>) -> String {
    let address = format!("https://{}", ready.host);
    let facts = [
        ("name", ready.name),
        ("host", ready.host),
        ("site", ready.hostname()),
        ("address", &address),
    ];
    let page = DownloadPage {
        ready,
        texts: Texts::for_language(ready.language),
        facts: Facts::new(&facts),
    };
    page.document()
}

/// Renders the notice for a link without a page.
#[must_use]
pub fn over(language: Language, over: InvitationEnd<'_>) -> String {
    let texts = &Texts::for_language(language).over;
    let ([title, text], reason) = match over {
        InvitationEnd::Unknown => (texts.unknown, ""),
        InvitationEnd::Tries => (texts.tries, ""),
        InvitationEnd::AskedHere => (texts.asked_here, ""),
        InvitationEnd::NotIssued(reason) => (texts.not_issued, reason),
    };
    let text = html! { p { (Facts::new(&[("reason", reason)]).fill(text)) } };
    let notice = html::NoticePage {
        language,
        site: None,
        title,
        text: &text,
        retry: None,
        status: None,
    };
    notice.document(&head())
}

/// Returns the `Content-Security-Policy` of the pages: only their own style and script.
#[must_use]
pub fn content_security_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        source(STYLE),
        source(SCRIPT),
    )
}

fn source(inline: &str) -> String {
    format!(
        "sha256-{}",
        BASE64_STANDARD.encode(digest(&SHA256, inline.as_bytes()))
    )
}

/// Renders the common `meta` elements.
///
/// The referrer policy is `strict-origin`: with `no-referrer`, a browser sends `Origin: null` with
/// a form, as it does for a form of a foreign site.
fn head() -> Markup {
    html! {
        meta name="referrer" content="strict-origin";
        meta name="format-detection" content="telephone=no";
    }
}

impl Ready<'_> {
    /// Returns the host without its port, as the server's certificate names it.
    fn hostname(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => self.host,
        }
    }
}

/// The download page with its texts and the facts that fill them.
#[derive(Clone, Copy)]
struct DownloadPage<'a> {
    ready: &'a Ready<'a>,
    texts: &'static Texts,
    facts: Facts<'a>,
}

impl DownloadPage<'_> {
    fn document(&self) -> String {
        let ready = self.ready;
        let title = self.texts.title;
        let content = html! {
            main.seen[ready.seen] data-device=(ready.device.word()) data-state={ (ready.base) "/state" } {
                h1 { (self.facts.fill(title)) }
                (self.password())
                (self.own_guides())
                (self.trial())
                (self.other_guides())
                (self.status())
            }
            script { (PreEscaped(SCRIPT)) }
        };
        let head = html! {
            (head())
            @if !ready.seen { noscript { meta http-equiv="refresh" content=(RELOAD); } }
        };
        html::document(ready.language, &self.facts.plain(title), &head, &content)
    }

    fn password(&self) -> Markup {
        let texts = &self.texts.password;
        html! {
            section.card {
                h2 { (texts.label) }
                div.password {
                    code #password translate="no" dir="ltr" { (self.ready.password) }
                    button #copy.button.plain type="button" aria-live="polite" hidden
                        data-copied=(texts.copied) data-selected=(texts.selected) { (texts.copy) }
                }
            }
        }
    }

    fn trial(&self) -> Markup {
        let texts = &self.texts.trial;
        html! {
            section.card.try {
                h2 { (texts.title) }
                @if self.ready.asked_here {
                    p { (self.facts.fill(texts.asked)) }
                    (self.link("button plain", &self.facts.fill("{host}")))
                } @else {
                    p { (self.facts.fill(texts.at_home)) }
                    form method="post" action={ (self.ready.base) "/try" } { button.button.plain { (texts.button) } }
                }
            }
        }
    }

    fn status(&self) -> Markup {
        let (texts, facts) = (&self.texts.status, self.facts);
        html! {
            div.status role="status" aria-live="polite" {
                p.waiting { span.ring aria-hidden="true" {} span { (facts.fill(texts.waiting)) } }
                p.paused {
                    span { (facts.fill(texts.late)) }
                    a href=(self.ready.base) { (texts.again) }
                }
                p.in {
                    span.tick aria-hidden="true" { "✓" }
                    span { (facts.fill(texts.seen)) }
                    (self.link("", &html! { (texts.open) }))
                }
            }
        }
    }

    /// Renders a link to the site.
    fn link(&self, class: &str, text: &Markup) -> Markup {
        html! {
            a class=[Some(class).filter(|class| !class.is_empty())] href={ "https://" (self.ready.host) "/" }
                rel="noreferrer" { (text) }
        }
    }
}

const SCRIPT: &str = include_str!("pages/script.js");

/// Seconds until the page reloads without its script; long enough to copy the password.
const RELOAD: u32 = 30;

#[cfg(test)]
mod tests;

//! The pages that enrol a device, from facts to HTML: the one that asks for the code, the one
//! with the certificate, and those that say why there is none.
//!
//! Nothing is decided or read here. The pages load nothing and work without their script.

pub mod device;
mod english;
mod german;
mod guide;
mod texts;
mod translation;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{Markup, PreEscaped, html};

use crate::look::{
    self, STYLE,
    template::{Facts, fill, plain},
};

pub use self::device::Device;
pub use crate::look::Language;

use self::texts::{Password, Status, Texts, Trial};

/// What the page with the certificate says.
#[derive(Clone, Copy)]
pub struct Ready<'a> {
    /// The language of the page.
    pub language: Language,
    /// The device in front of it, whose steps come first.
    pub device: Device,
    /// The device's name, such as `Anna's phone`.
    pub name: &'a str,
    /// Where the site is: a host, and a port unless it is 443.
    pub host: &'a str,
    /// The password of the files.
    pub password: &'a str,
    /// The page's own path, under which its files are.
    pub base: &'a str,
    /// The name of the files without its ending, such as `annas-phone`.
    pub file: &'a str,
    /// Whether the profile brings the server's certificate too, which is to be trusted by hand.
    pub self_signed: bool,
    /// Whether a connection from here is asked for a certificate; where not, a button is shown
    /// that posts to `try` under the page's path.
    pub asked_here: bool,
    /// Whether the certificate was seen in a handshake.
    pub seen: bool,
}

/// Why there is no page for an invitation.
#[derive(Clone, Copy, Debug)]
pub enum Over<'a> {
    /// The link is unknown, ended or used; who has it is not told which.
    Unknown,
    /// The code was wrong too often.
    Tries,
    /// The connection asks for certificates, which a device without one cannot pass.
    AskedHere,
    /// No certificate could be made, for this reason.
    NotIssued(&'a str),
}

/// The page that asks for the code, which comes back by POST to the same address as `code`.
#[must_use]
pub fn code(language: Language, name: &str, wrong: bool, tries_left: u8) -> String {
    let texts = Texts::of(language);
    let tries = tries_left.to_string();
    let facts = [("name", name), ("tries", &tries)];
    let left = if tries_left == 1 {
        texts.code.one_try
    } else {
        texts.code.tries
    };
    let content = html! {
        main {
            h1 { (fill(texts.title, &facts)) }
            form.card method="post" {
                label for="code" { (texts.code.label) }
                @if wrong { p #wrong.bad role="alert" { (texts.code.wrong) " " (fill(left, &facts)) } }
                @else { p #hint.soft { (texts.code.hint) } }
                input #code name="code" type="text" inputmode="numeric" autocomplete="one-time-code"
                    pattern="[0-9]{6}" maxlength="6" required autofocus
                    aria-describedby=(if wrong { "wrong" } else { "hint" })
                    aria-invalid=[wrong.then_some("true")];
                button.button { (texts.code.go) }
            }
        }
    };
    look::document(language, &plain(texts.title, &facts), &head(), &content)
}

/// The page with the certificate, which waits for it to be seen.
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
    let content = html! {
        main.seen[ready.seen] data-device=(ready.device.word()) data-state={ (ready.base) "/state" } {
            h1 { (fill(texts.title, &facts)) }
            (password(&texts.password, ready.password))
            (guide::own(ready, &facts))
            (trial(&texts.trial, ready, &facts))
            (guide::others(ready, &facts))
            (status(&texts.status, ready, &facts))
        }
        script { (PreEscaped(SCRIPT)) }
    };
    let head = html! {
        (head())
        @if !ready.seen { noscript { meta http-equiv="refresh" content=(RELOAD); } }
    };
    look::document(ready.language, &plain(texts.title, &facts), &head, &content)
}

/// The page instead, when there is nothing for this link.
#[must_use]
pub fn over(language: Language, over: Over<'_>) -> String {
    let texts = &Texts::of(language).over;
    let ([title, text], reason) = match over {
        Over::Unknown => (texts.unknown, ""),
        Over::Tries => (texts.tries, ""),
        Over::AskedHere => (texts.asked_here, ""),
        Over::NotIssued(reason) => (texts.not_issued, reason),
    };
    let text = html! { p { (fill(text, &[("reason", reason)])) } };
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

/// The `Content-Security-Policy` of these pages: their own style and script, and nothing else.
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

/// A browser that is to send no referrer sends `Origin: null` with a form, which nobody could tell
/// from another site's; the origin alone gives nothing away.
fn head() -> Markup {
    html! {
        meta name="referrer" content="strict-origin";
        meta name="format-detection" content="telephone=no";
    }
}

/// The name that stands in the certificate of a host with a port or without.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn password(texts: &Password, password: &str) -> Markup {
    html! {
        section.card {
            h2 { (texts.label) }
            div.password {
                code #password translate="no" dir="ltr" { (password) }
                button #copy.button.plain type="button" aria-live="polite" hidden
                    data-copied=(texts.copied) data-selected=(texts.selected) { (texts.copy) }
            }
        }
    }
}

fn trial(texts: &Trial, ready: &Ready<'_>, facts: &Facts<'_>) -> Markup {
    html! {
        section.card.try {
            h2 { (texts.title) }
            @if ready.asked_here {
                p { (fill(texts.asked, facts)) }
                (open(ready, "button plain", &fill("{host}", facts)))
            } @else {
                p { (fill(texts.at_home, facts)) }
                form method="post" action={ (ready.base) "/try" } { button.button.plain { (texts.button) } }
            }
        }
    }
}

fn status(texts: &Status, ready: &Ready<'_>, facts: &Facts<'_>) -> Markup {
    html! {
        div.status role="status" aria-live="polite" {
            p.waiting { span.ring aria-hidden="true" {} span { (fill(texts.waiting, facts)) } }
            p.paused {
                span { (fill(texts.late, facts)) }
                a href=(ready.base) { (texts.again) }
            }
            p.in {
                span.tick aria-hidden="true" { "✓" }
                span { (fill(texts.seen, facts)) }
                (open(ready, "", &html! { (texts.open) }))
            }
        }
    }
}

fn open(ready: &Ready<'_>, class: &str, text: &Markup) -> Markup {
    html! {
        a class=[Some(class).filter(|class| !class.is_empty())] href={ "https://" (ready.host) "/" }
            rel="noreferrer" { (text) }
    }
}

const SCRIPT: &str = include_str!("page/script.js");

/// How many seconds until the page looks again where no script does: enough to copy the password.
const RELOAD: u32 = 30;

#[cfg(test)]
mod tests;

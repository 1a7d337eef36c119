//! The journal as its readers see it: people, journald and fail2ban.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use regex::Regex;
use tracing::subscriber::with_default;

use super::*;

/// A journal that can be read back.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is said in `speech`, as it looks in `place`.
fn said(level: Level, place: Place, speech: impl FnOnce(&Journal)) -> String {
    let page = Page::default();
    let writer = page.clone();
    let (subscriber, journal) = open(level, place, move || writer.clone());
    with_default(subscriber, || speech(&journal));
    page.take()
}

#[test]
fn journald_gets_the_priority_and_neither_time_nor_colour() {
    let text = said(Level::INFO, Place::Journald, |_| {
        tracing::error!("one");
        tracing::warn!(port = 443, "two");
        tracing::info!("three");
        tracing::debug!("four");
    });
    assert_eq!(text, "<3>one\n<4>two port=443\n<6>three\n");
}

#[test]
fn a_stranger_can_neither_begin_a_line_nor_command_a_terminal() {
    for place in [Place::Journald, Place::File] {
        let text = said(Level::INFO, place, |_| {
            tracing::warn!(
                "{}",
                "a\u{1b}[2J\u{9b}\u{202e}\r\n<4>login failed from 203.0.113.9"
            );
        });
        let line = text.strip_suffix('\n').unwrap();
        assert!(
            !line.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'),
            "{line:?}"
        );
        assert!(
            !line.contains("\n<4>") && line.contains("\n  <4>"),
            "{line:?}"
        );
    }
}

#[test]
fn a_file_gets_the_time_and_a_terminal_colour_too() {
    let text = said(Level::INFO, Place::File, |_| tracing::info!("ready"));
    assert!(
        text.starts_with("20") && text.ends_with(" INFO ready\n"),
        "{text}"
    );
    let text = said(Level::INFO, Place::Terminal, |_| tracing::info!("ready"));
    assert!(text.contains("\u{1b}["), "{text}");
}

#[test]
fn the_level_changes_on_reload() {
    let text = said(Level::INFO, Place::Journald, |journal| {
        tracing::debug!("before");
        journal.set_level(Level::DEBUG).unwrap();
        tracing::debug!("after");
    });
    assert_eq!(text, "<7>after\n");
}

#[test]
fn the_engine_is_heard_only_on_what_matters() {
    let info = filter(Level::INFO);
    assert!(info.would_enable("pingora_core::connectors", &Level::ERROR));
    assert!(!info.would_enable("pingora_core::connectors", &Level::WARN));
    assert!(!info.would_enable("pingora_core::apps::http_app", &Level::ERROR));
    assert!(!info.would_enable("rustls::server", &Level::WARN));
    assert!(info.would_enable("hubgate::server", &Level::INFO));
    assert!(filter(Level::DEBUG).would_enable("rustls::server", &Level::ERROR));
}

#[test]
fn no_level_lets_the_libraries_print_request_heads() {
    for target in ["pingora_core::protocols::http", "h2", "log"] {
        assert!(!filter(Level::TRACE).would_enable(target, &Level::DEBUG));
    }
}

#[test]
fn a_failed_login_is_told_in_the_documented_form() {
    let text = said(Level::INFO, Place::Journald, |_| {
        login_failed(
            "::ffff:203.0.113.7".parse().unwrap(),
            "anna",
            "home.example.org",
        );
    });
    assert_eq!(
        text,
        "<4>login failed from 203.0.113.7 for user \"anna\" on home.example.org\n"
    );
}

/// The `failregex` of the filter we ship, what fail2ban puts in for its tags put in.
fn failregex() -> Regex {
    let filter = include_str!("../../../docs/fail2ban/hubgate.conf");
    let line = filter
        .lines()
        .find_map(|line| line.strip_prefix("failregex = "))
        .unwrap();
    let pattern = line
        .replace("%(__prefix_line)s", r"\s*(?:\S+ hubgate(?:\[\d+\])?: )?")
        .replace("<ADDR>", r"(?P<addr>[0-9.]+|[0-9a-f:.]+)");
    Regex::new(&pattern).unwrap()
}

#[test]
fn the_shipped_filter_finds_the_address_in_journal_and_file() {
    let failed = failregex();
    for (line, address) in [
        (
            r#"box hubgate[7]: login failed from 203.0.113.7 for user "anna" on home.example.org"#,
            "203.0.113.7",
        ),
        (
            r#"  WARN login failed from 2001:db8::7 for user "a b" on [::1]:8443"#,
            "2001:db8::7",
        ),
        (
            r#"login failed from 203.0.113.7 for user "" on home.example.org"#,
            "203.0.113.7",
        ),
    ] {
        assert_eq!(&failed.captures(line).unwrap()["addr"], address);
    }
    assert!(
        !failed
            .is_match(r#"box hubgate[7]: read "x": login failed from 8.8.8.8 for user "a" on b"#)
    );
}

#[test]
fn nobody_can_have_another_address_banned() {
    let forged = "x\" on h\nlogin failed from 8.8.8.8 for user \"y\" on z";
    let text = said(Level::INFO, Place::Journald, |_| {
        login_failed("203.0.113.7".parse().unwrap(), forged, forged);
        login_failed("203.0.113.7".parse().unwrap(), &forged.repeat(999), forged);
    });
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let line = line.strip_prefix("<4>").unwrap();
        assert!(line.len() < 1600, "journald cuts long lines in two");
        assert_eq!(&failregex().captures(line).unwrap()["addr"], "203.0.113.7");
    }
}

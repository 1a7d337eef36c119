//! The lines of the journal for terminals, journald and fail2ban.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use regex::Regex;
use tracing::subscriber::with_default;

use super::*;

/// A writer with readable content.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the lines of the events that `log` logs.
fn logged(level: Level, destination: Destination, log: impl FnOnce(&Journal)) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let (subscriber, journal) = Journal::open(level, destination, move || writer.clone());
    with_default(subscriber, || log(&journal));
    buffer.take()
}

#[test]
fn lines_for_journald_have_a_priority_and_neither_time_nor_colour() {
    let text = logged(Level::INFO, Destination::Journald, |_| {
        tracing::error!("one");
        tracing::warn!(port = 443, "two");
        tracing::info!("three");
        tracing::debug!("four");
    });
    assert_eq!(text, "<3>one\n<4>two port=443\n<6>three\n");
}

#[test]
fn untrusted_text_can_neither_begin_a_line_nor_control_a_terminal() {
    for destination in [Destination::Journald, Destination::File] {
        let text = logged(Level::INFO, destination, |_| {
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
fn lines_have_the_time_in_a_file_and_colour_on_a_terminal() {
    let text = logged(Level::INFO, Destination::File, |_| tracing::info!("ready"));
    assert!(
        text.starts_with("20") && text.ends_with(" INFO ready\n"),
        "{text}"
    );
    let text = logged(Level::INFO, Destination::Terminal, |_| {
        tracing::info!("ready");
    });
    assert!(text.contains("\u{1b}["), "{text}");
}

#[test]
fn a_new_level_applies_to_later_events() {
    let text = logged(Level::INFO, Destination::Journald, |journal| {
        tracing::debug!("before");
        journal.set_level(Level::DEBUG).unwrap();
        tracing::debug!("after");
    });
    assert_eq!(text, "<7>after\n");
}

#[test]
fn only_relevant_events_of_libraries_are_logged() {
    let info = filter(Level::INFO);
    assert!(info.would_enable("pingora_core::connectors", &Level::ERROR));
    assert!(!info.would_enable("pingora_core::connectors", &Level::WARN));
    assert!(!info.would_enable("pingora_core::apps::http_app", &Level::ERROR));
    assert!(!info.would_enable("pingora_load_balancing", &Level::WARN));
    assert!(!info.would_enable("rustls::server", &Level::WARN));
    assert!(info.would_enable("hubgate::server", &Level::INFO));
    assert!(filter(Level::DEBUG).would_enable("rustls::server", &Level::ERROR));
}

#[test]
fn libraries_log_no_request_heads_at_any_level() {
    for target in ["pingora_core::protocols::http", "h2", "log"] {
        assert!(!filter(Level::TRACE).would_enable(target, &Level::DEBUG));
    }
}

#[test]
fn a_failed_login_has_the_documented_form() {
    let text = logged(Level::INFO, Destination::Journald, |_| {
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

/// Returns the `failregex` of the shipped filter with fail2ban's tags replaced.
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
fn a_forged_user_cannot_ban_another_address() {
    let forged = "x\" on h\nlogin failed from 8.8.8.8 for user \"y\" on z";
    let text = logged(Level::INFO, Destination::Journald, |_| {
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

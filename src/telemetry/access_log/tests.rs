//! The lines of the access log, their order and their loss.

use std::{
    io,
    sync::{
        Mutex,
        mpsc::{self, Receiver},
    },
};

use super::{super::output::CAPACITY, *};

/// Returns the line of an entry in a format.
fn written(format: fn(&mut Line, &Entry<'_>, &timestamp::Second), entry: &Entry<'_>) -> String {
    let mut line = Line::new();
    format(&mut line, entry, &Timestamps::new().at(entry.time));
    String::from_utf8(line.as_bytes().to_vec()).unwrap()
}

/// Output with readable content.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Output that blocks until its gate is dropped.
struct Gated(Receiver<()>);

impl Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.recv().unwrap_or_default();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Output with a closed reader.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn entry() -> Entry<'static> {
    Entry {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_760_104_536_123),
        client: "::ffff:203.0.113.7".parse().unwrap(),
        user: Some("anna"),
        certificate: None,
        protocol: Protocol::Https,
        host: Some("home.example.org"),
        method: "GET",
        target: b"/ws?accessToken=oh.secret&a=1",
        version: Version::HTTP_2,
        status: 200,
        body_bytes_sent: 512,
        duration: Duration::from_micros(12_345),
        upstream_time: None,
        referer: Some(b"https://anna:pw@home.example.org/?code=abc"),
        user_agent: Some(b"Mozilla/5.0 (\"x\") \xe4"),
    }
}

/// Splits the time, which depends on the machine's zone, from a line.
fn parted(line: &str) -> (String, String) {
    let (before, rest) = line.split_once('[').unwrap();
    let (time, after) = rest.split_once(']').unwrap();
    (format!("{before}[]{after}"), time.to_owned())
}

#[test]
fn combined_equals_nginxs_line_with_redacted_secrets() {
    let (line, time) = parted(&written(Line::combined, &entry()));
    assert_eq!(
        line,
        "203.0.113.7 - anna [] \"GET /ws?accessToken=***&a=1 HTTP/2.0\" 200 512 \
         \"https://***@home.example.org/?code=***\" \"Mozilla/5.0 (\\x22x\\x22) \\xE4\"\n"
    );
    let parse = time::macros::format_description!(
        "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
    );
    let moment = time::OffsetDateTime::parse(&time, parse).unwrap();
    assert_eq!(moment.unix_timestamp(), 1_760_104_536);
}

#[test]
fn long_texts_of_a_client_are_truncated() {
    let long = "\u{e4}".repeat(40_000);
    let buffer = Buffer::default();
    let log = AccessLog::with_output(Format::Combined, buffer.clone()).unwrap();
    log.log(&Entry {
        host: Some(&long),
        method: &long,
        target: long.as_bytes(),
        referer: Some(long.as_bytes()),
        user_agent: Some(long.as_bytes()),
        ..entry()
    });
    assert!(log.flush());
    let length = buffer.text().len();
    assert!((4 * 3_000..4 * 3_200).contains(&length), "{length}");
}

#[test]
fn an_unknown_field_is_a_dash_in_combined() {
    let (line, _) = parted(&written(
        Line::combined,
        &Entry {
            user: None,
            referer: None,
            user_agent: None,
            version: Version::HTTP_11,
            target: b"/",
            ..entry()
        },
    ));
    assert_eq!(
        line,
        "203.0.113.7 - - [] \"GET / HTTP/1.1\" 200 512 \"-\" \"-\"\n"
    );
}

#[test]
fn a_request_cannot_forge_a_second_line() {
    for target in [&b"/\n203.0.113.9 - - []"[..], b"/\r\n", b"/\" 200 0"] {
        let line = written(Line::combined, &Entry { target, ..entry() });
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert_eq!(line.matches('"').count(), 6, "{line}");
        let line = written(Line::json, &Entry { target, ..entry() });
        assert_eq!(line.matches('\n').count(), 1, "{line}");
    }
}

#[test]
fn json_has_no_control_or_format_character() {
    let hostile = "\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}\u{202e}\u{2066}ä";
    let line = written(
        Line::json,
        &Entry {
            user: Some(hostile),
            certificate: Some(hostile),
            host: Some(hostile),
            method: hostile,
            target: hostile.as_bytes(),
            referer: Some(hostile.as_bytes()),
            user_agent: Some(hostile.as_bytes()),
            ..entry()
        },
    );
    let text = line.strip_suffix('\n').unwrap();
    let obeyed = |c: char| c.is_control() || ('\u{2028}'..='\u{2069}').contains(&c);
    assert!(!text.contains(obeyed), "{text:?}");
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    for field in [
        "user",
        "certificate",
        "host",
        "method",
        "target",
        "referer",
        "user_agent",
    ] {
        assert_eq!(object[field], hostile, "{field} keeps its meaning");
    }
}

#[test]
fn json_omits_unknown_fields() {
    let line = written(Line::json, &entry());
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(object["client"], "203.0.113.7");
    assert_eq!(object["protocol"], "https");
    assert_eq!(object["version"], "HTTP/2.0");
    assert_eq!(object["target"], "/ws?accessToken=***&a=1");
    assert_eq!(object["referer"], "https://***@home.example.org/?code=***");
    assert_eq!(object["duration"], 0.012);
    assert_eq!(object.get("upstream_time"), None);
    assert_eq!(object.get("certificate"), None);
}

#[test]
fn lines_are_written_in_order_and_the_last_ones_on_drop() {
    let buffer = Buffer::default();
    let log = AccessLog::with_output(Format::Combined, buffer.clone()).unwrap();
    for status in 200..300 {
        log.log(&Entry { status, ..entry() });
    }
    assert!(log.flush());
    assert_eq!(buffer.text().lines().count(), 100);
    log.log(&Entry {
        status: 599,
        ..entry()
    });
    drop(log);
    assert!(buffer.text().lines().last().unwrap().contains(" 599 "));
}

#[test]
fn vhost_combined_begins_with_the_host() {
    let line = written(Line::vhost_combined, &entry());
    let combined = line.strip_prefix("home.example.org ");
    assert_eq!(combined, Some(written(Line::combined, &entry()).as_str()));
    let forged = Entry {
        host: Some("a b\n\"c"),
        ..entry()
    };
    let line = written(Line::vhost_combined, &forged);
    assert!(line.starts_with("a\\x20b\\x0A"), "{line}");
    assert_eq!(line.lines().count(), 1);
    let nameless = Entry {
        host: None,
        ..entry()
    };
    assert!(written(Line::vhost_combined, &nameless).starts_with("- 203.0.113.7 - "));
}

#[test]
fn a_reload_changes_the_format_or_turns_the_log_off() {
    let buffer = Buffer::default();
    let log = AccessLog::with_output(Format::Off, buffer.clone()).unwrap();
    log.log(&entry());
    log.set_format(Format::Json);
    log.log(&entry());
    assert!(log.flush());
    assert_eq!(buffer.text().lines().count(), 1);
    assert!(buffer.text().starts_with('{'));
}

/// Bytes of a target that is not truncated.
const LINE: usize = 2048;

#[test]
fn a_blocked_stdout_loses_lines_and_blocks_no_request() {
    let (gate, gated) = mpsc::channel();
    let log = AccessLog::with_output(Format::Combined, Gated(gated)).unwrap();
    let target = vec![b'a'; LINE];
    // The writing thread holds at most as many bytes as the queue.
    for _ in 0..=2 * CAPACITY / LINE {
        log.log(&Entry {
            target: &target,
            ..entry()
        });
    }
    assert!(log.lost() > 0, "the queue is bounded");
    assert!(!log.output.flush(Duration::ZERO));
    drop(gate);
    assert!(log.flush());
}

#[test]
fn a_closed_stdout_counts_its_lines_as_lost() {
    let log = AccessLog::with_output(Format::Combined, Closed).unwrap();
    log.log(&entry());
    log.log(&entry());
    assert!(log.flush());
    assert_eq!(log.lost(), 2);
}

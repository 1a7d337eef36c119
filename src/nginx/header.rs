//! `add_header`: headers of every answer, Strict-Transport-Security among them.

use super::{directive::Directive, levels::Levels, report::Report};

/// What a site adds to the hub's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) hsts: Hsts,
    pub(super) others: Vec<(String, String)>,
}

/// Strict-Transport-Security.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hsts {
    #[default]
    Auto,
    Off,
    On {
        days: u64,
        include_subdomains: bool,
    },
}

/// The headers of a place and all around it.
pub(super) fn of(levels: &Levels<'_>, report: &mut Report) -> Headers {
    let mut headers = Headers::default();
    for directive in levels.nearest(&["add_header"]) {
        headers.add(directive, report);
    }
    headers
}

impl Headers {
    fn add(&mut self, directive: &Directive, report: &mut Report) {
        let [name, value, ..] = directive.words.as_slice() else {
            return report.dropped(directive, "it has no value");
        };
        match name.to_ascii_lowercase().as_str() {
            "strict-transport-security" => self.hsts(directive, value, report),
            "set-cookie" if value.contains("X-OPENHAB-AUTH-HEADER") => {
                report.kept(directive, "built in: sent where a password is asked, to those who lack it");
            }
            "access-control-allow-origin" if value == "*" => report.dropped(directive, "every page of the Internet could read the \
                hub's answers from a browser at home: where another page of yours needs it, add its origin to `access.origins`"),
            name if OURS.contains(&name) || !is_name(name) || !is_value(value) => {
                report.dropped(directive, "the header is the connection's, or no header");
            }
            _ if directive.has_variable() => report.dropped(directive, "hubgate's headers have no variables"),
            _ => self.other(directive, name, value, report),
        }
    }

    fn other(&mut self, directive: &Directive, name: &str, value: &str, report: &mut Report) {
        if self
            .others
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            return report.dropped(
                directive,
                "hubgate adds a header once: the first of the name",
            );
        }
        report.kept(directive, "`headers`");
        self.others.push((name.to_owned(), value.to_owned()));
    }

    fn hsts(&mut self, directive: &Directive, value: &str, report: &mut Report) {
        let parts: Vec<_> = value
            .split(';')
            .map(|part| part.trim().to_ascii_lowercase())
            .collect();
        let seconds = parts.iter().find_map(|part| {
            part.strip_prefix("max-age=")?
                .trim_matches('"')
                .parse::<u64>()
                .ok()
        });
        let include_subdomains = parts.iter().any(|part| part == "includesubdomains");
        let Some(seconds) = seconds else {
            return report.dropped(directive, "its max-age cannot be read");
        };
        self.hsts = match (seconds, include_subdomains) {
            (0, _) => Hsts::Off,
            (YEAR, false) => Hsts::Auto,
            _ => Hsts::On {
                days: seconds.div_ceil(DAY).min(LONGEST),
                include_subdomains,
            },
        };
        match self.hsts {
            Hsts::Auto => report.kept(
                directive,
                "built in, where the certificate is publicly trusted",
            ),
            _ if parts.iter().any(|part| part == "preload") => {
                report.changed(directive, "`hsts`, without `preload`");
            }
            _ => report.kept(directive, "`hsts`"),
        }
    }
}

const DAY: u64 = 24 * 3600;
const YEAR: u64 = 365 * DAY;
/// Days that hubgate takes at most.
const LONGEST: u64 = 3650;

/// Headers that belong to the connection or frame the message.
const OURS: [&str; 11] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "set-cookie",
];

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&b))
}

fn is_value(value: &str) -> bool {
    !value.contains(char::is_control)
}

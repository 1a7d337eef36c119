//! `add_header`: headers of every answer, Strict-Transport-Security and those of CORS among them.

use super::{directive::Directive, levels::Levels, report::Report, variables::Variables};
use crate::config;

/// What a site adds to the hub's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) hsts: Hsts,
    pub(super) others: Vec<(String, String)>,
    /// Pages of other sites that read the answers; hubgate sets the fields of CORS for them.
    pub(super) origins: Vec<String>,
}

/// The treatment of `Access-Control-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cors {
    /// `access.origins` names the origin.
    Origin,
    /// No exact origin, so that no page may read.
    Closed,
    /// Everybody enters, or no origin is named: the fields are passed on.
    Plain,
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

/// The headers of a place and all around it; `open` where everybody enters.
pub(super) fn of(
    levels: &Levels<'_>,
    variables: &Variables<'_>,
    open: bool,
    report: &mut Report,
) -> Headers {
    let mut headers = Headers::default();
    let written = levels.nearest(&["add_header"]);
    let cors = Cors::of(&written, variables, open);
    for directive in written {
        headers.add(directive, variables, cors, report);
    }
    headers
}

/// Reports the headers of a place that are not those of its site.
pub(super) fn elsewhere(levels: &Levels<'_>, report: &mut Report) {
    for directive in levels.nearest(&["add_header"]) {
        let why = match directive.is(ALLOW_ORIGIN) {
            true => {
                "hubgate allows no page of another origin here: where one needs it, write `origins` into `access` of this path"
            }
            false => {
                "hubgate adds headers to all answers of a site: those that NGINX adds at `location /`"
            }
        };
        report.dropped(directive, why);
    }
}

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

impl Cors {
    fn of(written: &[&Directive], variables: &Variables<'_>, open: bool) -> Self {
        let mut allowing = written.iter().filter(|it| it.is(ALLOW_ORIGIN));
        let Some(first) = allowing.next() else {
            return Self::Plain;
        };
        match exact(first, variables) {
            Some(_) if open => Self::Plain,
            Some(_) if allowing.next().is_none() => Self::Origin,
            _ => Self::Closed,
        }
    }
}

/// The origin that a directive names, if it names one as browsers send it.
fn exact(directive: &Directive, variables: &Variables<'_>) -> Option<String> {
    let origin = variables.resolve(directive.words.get(1)?);
    (origin != "null" && config::is_origin(&origin)).then_some(origin)
}

impl Headers {
    fn add(
        &mut self,
        directive: &Directive,
        variables: &Variables<'_>,
        cors: Cors,
        report: &mut Report,
    ) {
        let [name, value, ..] = directive.words.as_slice() else {
            return report.dropped(directive, "it has no value");
        };
        let value = &variables.resolve(value);
        match name.to_ascii_lowercase().as_str() {
            "strict-transport-security" => self.hsts(directive, value, report),
            name if name.starts_with("access-control-") && cors != Cors::Plain => {
                self.cors(directive, variables, cors, report);
            }
            "set-cookie" if value.contains("X-OPENHAB-AUTH-HEADER") => {
                report.kept(
                    directive,
                    "built in: sent where a password is asked, to those who lack it",
                );
            }
            name if OURS.contains(&name) || !is_name(name) || !is_value(value) => {
                report.dropped(directive, "the header is the connection's, or no header");
            }
            _ if value.contains('$') => {
                report.dropped(directive, "hubgate's headers have no variables");
            }
            _ => self.other(directive, name, value, report),
        }
    }

    fn cors(
        &mut self,
        directive: &Directive,
        variables: &Variables<'_>,
        cors: Cors,
        report: &mut Report,
    ) {
        if cors == Cors::Closed {
            return report.dropped(
                directive,
                "no exact origin: every page of the Internet could read the hub's answers from a browser at home. \
                 Where another page of yours needs it, add its origin to `access.origins`",
            );
        }
        match exact(directive, variables).filter(|_| directive.is(ALLOW_ORIGIN)) {
            Some(origin) => {
                report.changed(directive, "`access.origins`: hubgate also answers its preflights, and takes what its pages send");
                self.origins.push(origin);
            }
            None => report.changed(
                directive,
                "hubgate sets the fields of CORS itself for `access.origins`",
            ),
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

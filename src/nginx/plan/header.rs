//! `add_header`: response headers, with Strict-Transport-Security and those of CORS among them.

use crate::{
    config,
    nginx::{
        model::{inheritance::Inheritance, variables::Variables},
        read::directive::Directive,
        report::Report,
    },
};

/// The response headers of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) hsts: Hsts,
    pub(crate) others: Vec<(String, String)>,
    /// Origins for which hubgate sets the fields of CORS.
    pub(crate) origins: Vec<String>,
}

/// The treatment of `Access-Control-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cors {
    /// `access.origins` lists the origin.
    Origin,
    /// Without an exact origin, the fields are dropped.
    Dropped,
    /// The fields are added as they are, on an open site or without an origin.
    Added,
}

/// Strict-Transport-Security (RFC 6797).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hsts {
    #[default]
    Auto,
    Off,
    On {
        days: u64,
        include_subdomains: bool,
    },
}

/// The `add_header` directives of one level, as they are imported.
struct HeaderImport<'p, 'd> {
    variables: &'p Variables<'d>,
    cors: Cors,
    headers: Headers,
}

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

impl Headers {
    /// Imports the headers that apply at a level; `open` where every client is admitted.
    pub(crate) fn import(
        levels: &Inheritance<'_>,
        variables: &Variables<'_>,
        open: bool,
        report: &mut Report,
    ) -> Self {
        let written = levels.inherited_all(&["add_header"]);
        let mut import = HeaderImport {
            variables,
            cors: Cors::new(&written, variables, open),
            headers: Self::default(),
        };
        for directive in written {
            import.add(directive, report);
        }
        import.headers
    }

    /// Reports the headers of a location that are not those of its site.
    pub(crate) fn report_lost(levels: &Inheritance<'_>, report: &mut Report) {
        for directive in levels.inherited_all(&["add_header"]) {
            let reason = match directive.parameter_is(ALLOW_ORIGIN) {
                true => {
                    "hubgate allows no page of another origin here: where one needs it, write `origins` into `access` of this path"
                }
                false => "hubgate adds headers to all responses of a site: those of `location /`",
            };
            report.dropped(directive, reason);
        }
    }
}

impl Cors {
    fn new(written: &[&Directive], variables: &Variables<'_>, open: bool) -> Self {
        let mut allowing = written
            .iter()
            .filter(|directive| directive.parameter_is(ALLOW_ORIGIN));
        let Some(first) = allowing.next() else {
            return Self::Added;
        };
        match first.exact_origin(variables) {
            Some(_) if open => Self::Added,
            Some(_) if allowing.next().is_none() => Self::Origin,
            _ => Self::Dropped,
        }
    }
}

impl Directive {
    /// Returns the origin that an `add_header` names, if it is one as browsers send it.
    fn exact_origin(&self, variables: &Variables<'_>) -> Option<String> {
        let origin = variables.resolve(self.parameters.get(1)?);
        (origin != "null" && config::is_origin(&origin)).then_some(origin)
    }
}

impl HeaderImport<'_, '_> {
    fn add(&mut self, directive: &Directive, report: &mut Report) {
        let [name, value, ..] = directive.parameters.as_slice() else {
            return report.dropped(directive, "it has no value");
        };
        let value = &self.variables.resolve(value);
        match name.to_ascii_lowercase().as_str() {
            "strict-transport-security" => self.add_hsts(directive, value, report),
            name if name.starts_with("access-control-") && self.cors != Cors::Added => {
                self.add_cors(directive, report);
            }
            "set-cookie" if value.contains("X-OPENHAB-AUTH-HEADER") => {
                report.kept(
                    directive,
                    "built in: hubgate sends it with the request for a password",
                );
            }
            name if is_reserved(name) || !is_name(name) || !is_value(value) => {
                report.dropped(
                    directive,
                    "the header belongs to the connection, or is invalid",
                );
            }
            _ if value.contains('$') => {
                report.dropped(directive, "hubgate's headers have no variables");
            }
            _ => self.add_other(directive, name, value, report),
        }
    }

    fn add_cors(&mut self, directive: &Directive, report: &mut Report) {
        if self.cors == Cors::Dropped {
            return report.dropped(
                directive,
                "no exact origin: every page of the Internet could read the hub's responses from a browser at home. \
                 Where another page of yours needs it, add its origin to `access.origins`",
            );
        }
        let origin = directive.exact_origin(self.variables);
        match origin.filter(|_| directive.parameter_is(ALLOW_ORIGIN)) {
            Some(origin) => {
                report.changed(directive, "`access.origins`: hubgate also responds to its preflights, and accepts the requests of its pages");
                self.headers.origins.push(origin);
            }
            None => report.changed(
                directive,
                "hubgate sets the fields of CORS itself for `access.origins`",
            ),
        }
    }

    fn add_other(&mut self, directive: &Directive, name: &str, value: &str, report: &mut Report) {
        let others = &mut self.headers.others;
        if others
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            return report.dropped(
                directive,
                "hubgate adds a header once: the first of the name",
            );
        }
        report.kept(directive, "`headers`");
        others.push((name.to_owned(), value.to_owned()));
    }

    fn add_hsts(&mut self, directive: &Directive, value: &str, report: &mut Report) {
        let value = value.to_ascii_lowercase();
        let parts: Vec<_> = value.split(';').map(str::trim).collect();
        let seconds = parts.iter().find_map(|part| {
            let seconds = part.strip_prefix("max-age=")?.trim_matches('"');
            seconds.parse::<u64>().ok()
        });
        let include_subdomains = parts.contains(&"includesubdomains");
        let Some(seconds) = seconds else {
            return report.dropped(directive, "its max-age is no number");
        };
        self.headers.hsts = match (seconds, include_subdomains) {
            (0, _) => Hsts::Off,
            (YEAR, false) => Hsts::Auto,
            _ => Hsts::On {
                days: seconds.div_ceil(DAY).min(MAX_DAYS),
                include_subdomains,
            },
        };
        match self.headers.hsts {
            Hsts::Auto => report.kept(
                directive,
                "built in, where the certificate is publicly trusted",
            ),
            _ if parts.contains(&"preload") => {
                report.changed(directive, "`hsts`, without `preload`");
            }
            _ => report.kept(directive, "`hsts`"),
        }
    }
}

/// Seconds of a day.
const DAY: u64 = 24 * 3600;
/// Seconds of a year.
const YEAR: u64 = 365 * DAY;
/// The largest `hsts.max_age`, in days.
const MAX_DAYS: u64 = 3650;

/// Reports whether a header belongs to the connection, frames the message, or sets a cookie.
fn is_reserved(name: &str) -> bool {
    name == "set-cookie" || config::is_of_connection(name)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&b))
}

fn is_value(value: &str) -> bool {
    !value.contains(char::is_control)
}

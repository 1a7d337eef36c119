//! `upstream.health`: the path and the time of health checks.

use std::time::Duration;

use http::uri::PathAndQuery;

use crate::config::{
    file,
    model::HealthCheck,
    resolve::{Resolved, Resolver, quantity::Quantity},
    tree::Location,
};

/// Bytes of a path at most.
const LONGEST: usize = 2 * 1024;

impl Resolver<'_> {
    pub(super) fn health(
        &mut self,
        location: &Location<'_>,
        written: &file::HealthCheck,
    ) -> Resolved<HealthCheck> {
        let path = self.checked(&location.key("path"), check_path(&written.path));
        let every = Quantity(&written.every).check_interval();
        let every = self.checked(&location.key("every"), every);
        Ok(HealthCheck {
            path: path?,
            every: every?,
        })
    }
}

impl Quantity<'_> {
    /// Parses the time between two health checks, `1s` to `1h`.
    fn check_interval(self) -> Result<Duration, String> {
        self.duration_between("1s", "1h")
    }
}

/// Checks the path of a request (RFC 9112, section 3.2.1). The messages do not quote its query,
/// which may hold a secret.
fn check_path(path: &str) -> Result<String, String> {
    if path.len() > LONGEST {
        return Err("the path is longer than 2 KiB: shorten it".to_owned());
    }
    if !path.starts_with('/') {
        return Err("the path does not begin with /: write one such as / or /health".to_owned());
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    match path.bytes().all(is_plain) && PathAndQuery::try_from(path).is_ok() {
        true => Ok(path.to_owned()),
        false => Err("the path has a character that a URL cannot have: write it as %XX".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_secs(3600);

    #[test]
    fn servers_are_checked_each_second_to_each_hour() {
        let parse = |text| Quantity(text).check_interval();
        assert_eq!((parse("1s"), parse("1h")), (Ok(LEAST), Ok(MOST)));
        for (text, refusal) in [
            ("0s", "1s or more"),
            ("3601s", "1h or less"),
            ("2h", "1h or less"),
            ("often", "no duration"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.contains(refusal), "{text}: {fault}");
        }
    }

    #[test]
    fn the_path_of_a_check_is_that_of_a_request() {
        for path in ["/", "/health?full=1", "/a/%20b"] {
            assert_eq!(check_path(path).unwrap(), path);
        }
        let long = format!("/{}", "x".repeat(LONGEST));
        for path in [
            "",
            "health",
            "*",
            "/a b",
            "/a\r\nX: y",
            "/\u{e9}",
            "/a#b",
            &long,
        ] {
            let fault = check_path(path).unwrap_err();
            assert!(fault.contains("path"), "{path}: {fault}");
        }
        assert!(
            !check_path("/ ?token=s3cret")
                .unwrap_err()
                .contains("s3cret")
        );
    }
}

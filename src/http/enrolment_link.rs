//! Enrolment links: their URL, and their form in the log.

use std::sync::Arc;

/// The prefix of the enrolment pages' paths.
pub(crate) const PATH: &str = "/.hubgate/enrol/";

/// Removes a link's secret from a target for the log.
pub(crate) fn redacted(target: &str) -> Arc<str> {
    match target.starts_with(PATH) {
        true => format!("{PATH}***").into(),
        false => target.into(),
    }
}

/// Returns the link with a secret.
#[must_use]
pub fn url(authority: &str, secret: &str) -> String {
    format!("https://{authority}{PATH}{secret}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_no_secret_of_an_enrolment_link() {
        assert_eq!(
            &*redacted("/.hubgate/enrol/SECRET/state"),
            "/.hubgate/enrol/***"
        );
        assert_eq!(&*redacted("/rest/items"), "/rest/items");
    }
}

//! The links by which devices are enrolled, as URLs and as the log may have them.

/// The beginning of the pages' paths.
pub(crate) const PATH: &str = "/.hubgate/enrol/";

/// The target as a log may have it, without the secret of a link.
pub(crate) fn redacted(target: &str) -> String {
    match target.strip_prefix(PATH) {
        Some(_) => format!("{PATH}***"),
        None => target.to_owned(),
    }
}

/// The link with a secret.
#[must_use]
pub fn url(authority: &str, secret: &str) -> String {
    format!("https://{authority}{PATH}{secret}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_no_secret_of_a_link() {
        assert_eq!(
            redacted("/.hubgate/enrol/SECRET/state"),
            "/.hubgate/enrol/***"
        );
        assert_eq!(redacted("/rest/items"), "/rest/items");
    }
}

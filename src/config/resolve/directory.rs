//! The directories of CAs (RFC 8555, section 7.1.1): some have a name here.

use http::Uri;

/// The directory of a CA that has a name here.
pub(super) fn named(directory: &str) -> Option<&'static str> {
    let known = DIRECTORIES.iter().find(|(name, _)| *name == directory);
    known.map(|(_, url)| *url)
}

/// The URL that a name or a URL means.
pub(super) fn parse(text: &str) -> Result<String, String> {
    if let Some(url) = named(text) {
        return Ok(url.into());
    }
    let is_url = text.parse::<Uri>().is_ok_and(|uri| {
        uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_url {
        return Ok(text.into());
    }
    Err(format!(
        "\"{text}\" is no CA: write letsencrypt, letsencrypt-staging, zerossl, or the https URL of a directory"
    ))
}

/// The CA that takes no account without a binding.
pub(super) const ZEROSSL: &str = "zerossl";

const DIRECTORIES: [(&str, &str); 3] = [
    (
        "letsencrypt",
        "https://acme-v02.api.letsencrypt.org/directory",
    ),
    (
        "letsencrypt-staging",
        "https://acme-staging-v02.api.letsencrypt.org/directory",
    ),
    (ZEROSSL, "https://acme.zerossl.com/v2/DV90"),
];

//! ACME directories (RFC 8555, section 7.1.1), by URL or by the name of a known CA.

use http::Uri;

/// Returns the directory URL of a known CA.
pub(super) fn named(directory: &str) -> Option<&'static str> {
    let known = DIRECTORIES.iter().find(|(name, _)| *name == directory);
    known.map(|(_, url)| *url)
}

/// Parses the name of a known CA, or an https URL, into a directory URL.
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
        "\"{text}\" is no CA: write letsencrypt, letsencrypt-staging, zerossl, or the https URL of an ACME directory"
    ))
}

/// The known CA that requires external account binding.
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

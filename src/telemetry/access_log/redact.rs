//! Redaction of passwords and tokens in request targets and referers.
//!
//! openHAB's apps send their token in the query, OAuth sends its code, and users type passwords
//! into URLs.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Replaces the values of secret parameters and the userinfo of a URL by `***`.
///
/// A value ends at `&` only, so that no part of a secret remains.
pub(super) fn redact(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'=', b'@', text).is_none() {
        return Cow::Borrowed(text);
    }
    let text = redact_parameters(text);
    match userinfo(&text) {
        Some((scheme, rest)) => Cow::Owned([scheme, HIDDEN, rest].concat()),
        None => Cow::Owned(text),
    }
}

/// Splits the userinfo out of an absolute URL (RFC 3986, section 3.2.1).
fn userinfo(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = url.windows(3).position(|window| window == b"://")? + 3;
    let (scheme, rest) = url.split_at(start);
    let authority = rest.split(|byte| b"/?#".contains(byte)).next()?;
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    Some((scheme, &rest[at..]))
}

fn redact_parameters(text: &[u8]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(text.len());
    for (number, segment) in text.split(|byte| *byte == b'&').enumerate() {
        if number > 0 {
            redacted.push(b'&');
        }
        match secret_value(segment) {
            Some(start) => {
                redacted.extend_from_slice(&segment[..start]);
                redacted.extend_from_slice(HIDDEN);
            }
            None => redacted.extend_from_slice(segment),
        }
    }
    redacted
}

/// Returns the start of the value of the segment's first secret parameter.
fn secret_value(segment: &[u8]) -> Option<usize> {
    let mut name = 0;
    for (index, byte) in segment.iter().enumerate() {
        match byte {
            b'?' | b'#' | b';' => name = index + 1,
            b'=' if is_secret(&segment[name..index]) => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// Compares a name by its letters and digits: `api_key`, `apiKey` and `api%4Bey[]` are equal.
fn is_secret(name: &[u8]) -> bool {
    if name.contains(&b'/') {
        return false;
    }
    let name: Vec<u8> = percent_decode(name)
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    SECRETS.iter().any(|secret| name == secret.as_bytes())
        || ENDINGS
            .iter()
            .any(|ending| name.ends_with(ending.as_bytes()))
}

const HIDDEN: &[u8] = b"***";

/// Names of secret parameters: of hubs and OAuth, of cameras and their recorders (Blue Iris,
/// Foscam, Hikvision, QNAP, Reolink, Synology, ZoneMinder), of signed URLs.
const SECRETS: [&str; 31] = [
    "accesskey",
    "appid",
    "assertion",
    "auth",
    "authorization",
    "authsig",
    "code",
    "codeverifier",
    "jsessionid",
    "jwt",
    "key",
    "loginpas",
    "otp",
    "pass",
    "passcode",
    "passphrase",
    "phpsessid",
    "pin",
    "privatekey",
    "pw",
    "pwd",
    "samlresponse",
    "secretkey",
    "session",
    "sessionid",
    "sessionkey",
    "sid",
    "sig",
    "state",
    "ticket",
    "userpwd",
];

/// Suffixes of secret names: `X-Plex-Token`, `client_secret`, `X-Amz-Signature`.
const ENDINGS: [&str; 7] = [
    "apikey",
    "credential",
    "passwd",
    "password",
    "secret",
    "signature",
    "token",
];

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    fn redacted(text: &str) -> String {
        String::from_utf8(redact(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn only_the_value_of_a_secret_parameter_is_redacted() {
        assert_eq!(
            redacted("/ws?a=1&accessToken=oh.x.y&b=2"),
            "/ws?a=1&accessToken=***&b=2"
        );
        assert_eq!(redacted("/ws?token="), "/ws?token=***");
        assert_eq!(redacted("/x;token=a?q=1"), "/x;token=***");
    }

    #[test]
    fn a_secret_name_is_recognised_in_any_case_and_encoding() {
        assert_eq!(redacted("/?ACCESSTOKEN=a"), "/?ACCESSTOKEN=***");
        assert_eq!(redacted("/?access%54oken=a"), "/?access%54oken=***");
        assert_eq!(redacted("/?p%61ssword=a"), "/?p%61ssword=***");
        assert_eq!(redacted("/?%5fSID=a"), "/?%5fSID=***");
    }

    #[test]
    fn the_secrets_of_cameras_recorders_and_signed_urls_are_redacted() {
        for name in [
            "pwd",
            "passwd",
            "password",
            "userPassword",
            "pw",
            "pass",
            "loginpas",
            "authSig",
            "_sid",
            "sid",
            "auth",
            "key",
            "apikey",
            "api_key",
            "X-Api-Key",
            "appid",
            "code",
            "state",
            "secret",
            "client_secret",
            "signature",
            "sig",
            "jwt",
            "session",
            "session_id",
            "SynoToken",
            "X-Plex-Token",
            "X-Amz-Signature",
            "X-Amz-Credential",
            "X-Amz-Security-Token",
            "accessKey",
            "code_verifier",
            "password[]",
            "PHPSESSID",
        ] {
            for (before, after) in [
                ("/?", ""),
                ("/?a=1&", "&b=2"),
                ("/cgi;", ""),
                ("/?a=1;", ""),
            ] {
                let hidden = format!("{before}{name}=***{after}");
                assert_eq!(redacted(&format!("{before}{name}=s3cret{after}")), hidden);
            }
        }
    }

    proptest! {
        #[test]
        fn no_part_of_a_secret_remains(secret in "[^&]*|[a-z]*[?;#=@:/]{1,9}[a-z]*") {
            prop_assert_eq!(
                redacted(&format!("/?x=1&code={secret}&y=2")),
                "/?x=1&code=***&y=2"
            );
        }
    }

    #[test]
    fn other_parameters_are_unchanged() {
        for text in [
            "/",
            "/a@b",
            "/token=1",
            "/?tokens=1&codec=2&keyboard=3&author=4&side=5",
            "*",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn the_userinfo_of_a_url_is_redacted() {
        assert_eq!(
            redacted("https://anna:p@ss@home.example.org/?a=@"),
            "https://***@home.example.org/?a=@"
        );
        assert_eq!(redacted("https://home/?to=a@b"), "https://home/?to=a@b");
    }
}

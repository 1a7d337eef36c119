//! Takes passwords and tokens out of a request target or referer.
//!
//! openHAB's apps carry their token in the query, OAuth its code, and people
//! type passwords into URLs; none of them may be kept in a log.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The text with secret parameters' values and a URL's userinfo replaced by `***`.
///
/// A value ends at `&` only, whatever else is in it, so that no tail of a secret stays.
pub(super) fn redact(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'=' | b'@')) {
        return Cow::Borrowed(text);
    }
    let text = redact_parameters(text);
    match userinfo(&text) {
        Some((scheme, rest)) => Cow::Owned([scheme, HIDDEN, rest].concat()),
        None => Cow::Owned(text),
    }
}

/// What comes before and after the userinfo of an absolute URL (RFC 3986, 3.2.1).
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

/// Where the value of the segment's first secret parameter begins.
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

/// Names are compared by their letters and digits: `api_key`, `apiKey` and `api%4Bey[]` are one.
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

/// Names of parameters that carry a secret: of hubs and OAuth, of cameras and their recorders
/// (Blue Iris, Foscam, Hikvision, QNAP, Reolink, Synology, ZoneMinder), of signed URLs.
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

/// Ends of such names: `X-Plex-Token`, `client_secret`, `X-Amz-Signature`.
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
    fn the_value_of_a_secret_parameter_is_hidden_and_its_neighbours_stay() {
        assert_eq!(
            redacted("/ws?a=1&accessToken=oh.x.y&b=2"),
            "/ws?a=1&accessToken=***&b=2"
        );
        assert_eq!(redacted("/ws?token="), "/ws?token=***");
        assert_eq!(redacted("/x;token=a?q=1"), "/x;token=***");
    }

    #[test]
    fn a_name_is_known_in_any_case_and_encoding() {
        assert_eq!(redacted("/?ACCESSTOKEN=a"), "/?ACCESSTOKEN=***");
        assert_eq!(redacted("/?access%54oken=a"), "/?access%54oken=***");
        assert_eq!(redacted("/?p%61ssword=a"), "/?p%61ssword=***");
        assert_eq!(redacted("/?%5fSID=a"), "/?%5fSID=***");
    }

    #[test]
    fn the_secrets_of_cameras_recorders_and_signed_urls_are_hidden() {
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
        fn whatever_is_in_a_secret_no_part_of_it_stays(secret in "[^&]*|[a-z]*[?;#=@:/]{1,9}[a-z]*") {
            prop_assert_eq!(
                redacted(&format!("/?x=1&code={secret}&y=2")),
                "/?x=1&code=***&y=2"
            );
        }
    }

    #[test]
    fn other_parameters_stay_as_they_are() {
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
    fn userinfo_of_a_url_is_hidden() {
        assert_eq!(
            redacted("https://anna:p@ss@home.example.org/?a=@"),
            "https://***@home.example.org/?a=@"
        );
        assert_eq!(redacted("https://home/?to=a@b"), "https://home/?to=a@b");
    }
}

//! The cookie by which openHAB's UI leaves the Authorization field to a proxy.
//!
//! With it, Main UI and HABPanel send their token as X-OPENHAB-TOKEN.

use crate::fields::{FieldName, Fields};

const NAME: &str = "X-OPENHAB-AUTH-HEADER";

/// Reports whether a request carries the cookie.
#[must_use]
pub(super) fn is_sent(fields: &Fields<'_>) -> bool {
    fields
        .all(FieldName::Cookie)
        .flat_map(|value| value.split(|byte| *byte == b';'))
        .filter_map(|pair| pair.split(|byte| *byte == b'=').next())
        .any(|name| name.trim_ascii() == NAME.as_bytes())
}

/// The value of Set-Cookie that sets it.
pub(super) fn set_cookie(secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{NAME}=1; Path=/{secure}; SameSite=Strict")
}

//! Enrolment pages, on which a device downloads its certificate.
//!
//! They require the invitation's link and code, and no access rule of the site. They are served
//! over TLS only, and only if the handshake requests no certificate from the address: a browser
//! would remember for the site that it had none.

#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a panic reports a broken property")]
pub(crate) mod properties;
mod visit;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use self::visit::Visit;
use crate::{
    config::model::Certificate,
    devices::{
        CodeOutcome, DownloadContent,
        pages::{self, InvitationEnd, Ready},
        registry::name::Name,
    },
    http::{
        enrolment_link::PATH,
        proxy::Proxy,
        request::{Exchange, Request},
        response::local_response::LocalResponse,
    },
    sites::site::Site,
};

/// The query of the redirect after a wrong code: reloading the page by GET costs no try.
const WRONG: &str = "?wrong";
/// Bytes of a form at most.
pub(crate) const MOST_FORM: usize = 256;

/// Reports whether the content of a request is a form of these pages.
pub fn is_form(method: &Method, target: &str) -> bool {
    *method == Method::POST && target.starts_with(PATH)
}

impl Proxy {
    /// Responds to a request for one of the pages; any other request passes.
    ///
    /// # Errors
    /// The response.
    pub(super) async fn enrol(
        &self,
        exchange: &Exchange,
        request: &Request<'_>,
        site: &Site,
    ) -> Result<(), LocalResponse> {
        let rest = request.path().strip_prefix(PATH);
        let (Some(rest), true) = (rest, exchange.sites.uses_own_ca) else {
            return Ok(());
        };
        let visit = Visit::new(exchange, request, site, rest);
        let trusted = &exchange.sites.config.trusted_proxies;
        if site.requests_client_cert(exchange.connection.network_peer(), trusted) {
            let response = visit.over(StatusCode::BAD_REQUEST, InvitationEnd::AskedHere);
            return Err(response.closing());
        }
        Err(Box::pin(self.respond_to_visit(&visit)).await)
    }

    async fn respond_to_visit(&self, visit: &Visit<'_>) -> LocalResponse {
        match (visit.method, visit.resource) {
            (&Method::GET | &Method::HEAD, "") => self.show(visit),
            (&Method::POST, "") => self.enter(visit).await,
            (&Method::POST, "try") => self.begin_test(visit),
            (&Method::GET | &Method::HEAD, "state") => self.report_state(visit),
            (&Method::GET | &Method::HEAD, file) => self.download(visit, file),
            _ => visit
                .unknown(StatusCode::METHOD_NOT_ALLOWED)
                .with_field(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST")),
        }
    }

    /// The page with the prompt for the code, or after the code the download page.
    fn show(&self, visit: &Visit<'_>) -> LocalResponse {
        if let Some((name, left)) = self.devices.invited(visit.secret, visit.from) {
            let page = pages::code(visit.language, name.as_str(), visit.wrong, left);
            return enrolment_page(StatusCode::OK, page);
        }
        match self.devices.fetching(visit.secret) {
            Some(fetching) => enrolment_page(StatusCode::OK, self.download_page(visit, &fetching)),
            None => visit.unknown(StatusCode::NOT_FOUND),
        }
    }

    fn download_page(&self, visit: &Visit<'_>, fetching: &DownloadContent) -> String {
        pages::ready(&Ready {
            language: visit.language,
            device: visit.device,
            name: fetching.name.as_str(),
            host: visit.host,
            password: fetching.credential.password.as_str(),
            base: &format!("{PATH}{}", visit.secret),
            file: &fetching.name.for_file(),
            self_signed: visit.site.config.certificate == Certificate::SelfSigned,
            asked_here: self.devices.has_test_window(visit.from),
            seen: fetching.seen,
        })
    }

    async fn enter(&self, visit: &Visit<'_>) -> LocalResponse {
        let (link, code) = (visit.secret.to_owned(), code(visit.form));
        match self.devices.enter(link, code, visit.from).await {
            CodeOutcome::Right(page) => see_other(&format!("{PATH}{page}")),
            CodeOutcome::Wrong(_) => see_other(&format!("{PATH}{}{WRONG}", visit.secret)),
            CodeOutcome::Last => visit.over(StatusCode::FORBIDDEN, InvitationEnd::Tries),
            CodeOutcome::Unknown => visit.unknown(StatusCode::NOT_FOUND),
            CodeOutcome::Failed(fault) => visit.failed(&fault),
        }
    }

    /// Opens the test window: for a minute, handshakes with the device's address request a
    /// certificate. The connection closes, as a certificate is requested in the handshake only.
    fn begin_test(&self, visit: &Visit<'_>) -> LocalResponse {
        if self.devices.fetching(visit.secret).is_none() {
            return visit.unknown(StatusCode::NOT_FOUND);
        }
        self.devices.open_test_window(visit.from);
        see_other(&format!("{PATH}{}", visit.secret)).closing()
    }

    /// Reports as JSON whether the device has shown its certificate.
    fn report_state(&self, visit: &Visit<'_>) -> LocalResponse {
        let Some(fetching) = self.devices.fetching(visit.secret) else {
            return visit.unknown(StatusCode::NOT_FOUND);
        };
        let state = format!("{{\"seen\":{}}}", fetching.seen);
        let response = LocalResponse::with_body(StatusCode::OK, "application/json", state.into());
        if self.devices.has_test_window(visit.from) && !visit.certificate_requested {
            return response.closing();
        }
        response
    }

    fn download(&self, visit: &Visit<'_>, file: &str) -> LocalResponse {
        let Some(fetching) = self.devices.fetching(visit.secret) else {
            return visit.unknown(StatusCode::NOT_FOUND);
        };
        let made = match file.rsplit_once('.').map(|(_, extension)| extension) {
            Some("p12") => pkcs12(&fetching, "application/x-pkcs12", "p12"),
            Some("ohp12") => pkcs12(&fetching, "application/octet-stream", "ohp12"),
            Some("mobileconfig") => visit.profile(&fetching),
            _ => return visit.unknown(StatusCode::NOT_FOUND),
        };
        match made {
            Ok(response) => {
                if *visit.method == Method::GET {
                    self.devices.fetched(visit.secret, file);
                }
                response
            }
            Err(fault) => visit.failed(&format!("{fault:#}")),
        }
    }
}

/// The digits of the form's field `code`, without the spaces typed between them.
fn code(form: &[u8]) -> String {
    let form = String::from_utf8_lossy(form);
    let code = form
        .split('&')
        .find_map(|field| field.strip_prefix("code="));
    let digits = code.unwrap_or_default().replace("%20", "");
    digits.chars().filter(char::is_ascii_digit).collect()
}

fn pkcs12(
    fetching: &DownloadContent,
    media_type: &'static str,
    extension: &str,
) -> anyhow::Result<LocalResponse> {
    let file = fetching.credential.pkcs12()?;
    let disposition = disposition(&fetching.name, extension);
    Ok(
        LocalResponse::with_body(StatusCode::OK, media_type, file.into())
            .with_field(header::CONTENT_DISPOSITION, disposition),
    )
}

/// Content-Disposition with the file name in ASCII and in UTF-8 (RFC 6266, section 4.3).
fn disposition(name: &Name, extension: &str) -> HeaderValue {
    let utf8 = utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC);
    let ascii = name.for_file();
    let text = format!(
        "attachment; filename=\"{ascii}.{extension}\"; filename*=UTF-8''{utf8}.{extension}"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

fn enrolment_page(status: StatusCode, page: String) -> LocalResponse {
    let response = LocalResponse::html(status, page);
    match HeaderValue::from_str(&pages::content_security_policy()) {
        Ok(policy) => response.with_policy(policy),
        Err(_) => response,
    }
}

/// 303, after which a reload does not post the form again.
fn see_other(path: &str) -> LocalResponse {
    let response = LocalResponse::html(StatusCode::SEE_OTHER, String::new());
    match HeaderValue::from_str(path) {
        Ok(location) => response.with_field(header::LOCATION, location),
        Err(_) => response,
    }
}

/// Appends a piece to a form; none once the form is larger than `MOST_FORM`.
pub(crate) fn grow(form: &mut Vec<u8>, piece: &Bytes) -> Option<()> {
    form.extend_from_slice(piece);
    (form.len() <= MOST_FORM).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_parsed_with_or_without_spaces() {
        for (form, read) in [
            ("code=123456", "123456"),
            ("code=123+456&x=1", "123456"),
            ("x=1&code=123%20456", "123456"),
            ("code=", ""),
            ("encode=123456", ""),
            ("", ""),
        ] {
            assert_eq!(code(form.as_bytes()), read, "{form}");
        }
    }

    #[test]
    fn content_disposition_has_the_file_name_in_ascii_and_in_utf_8() {
        let name = Name::parse("Omas Händi\"; x").unwrap();
        let value = disposition(&name, "p12");
        assert_eq!(
            value.to_str().unwrap(),
            "attachment; filename=\"omas-h-ndi-x.p12\"; \
             filename*=UTF-8''Omas%20H%C3%A4ndi%22%3B%20x.p12"
        );
    }
}

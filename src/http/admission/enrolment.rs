//! The pages on which a device fetches its certificate.
//!
//! Whoever has the link may open them, whatever the site's rules are: the link and its code are
//! what is asked for. Only over TLS, and only where the site does not ask for certificates: a
//! browser would remember that it had none.

#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    clients::{
        Entered, Fetching,
        name::Name,
        page::{self, Device, Language, Over, Ready},
    },
    config::model::Certificate,
    http::{
        enrolment_link::PATH,
        proxy::Proxy,
        request::{Exchange, Request},
        response::local_response::LocalResponse,
    },
    pages::reader::Reader,
    sites::site::Site,
};

/// The query after a wrong code: a page that is loaded again by GET costs no try.
const WRONG: &str = "?wrong";
/// Bytes of a form; a code is far shorter.
pub(crate) const MOST_FORM: usize = 256;

/// Whether the body of a request is a form of these pages.
pub fn is_form(method: &Method, target: &str) -> bool {
    *method == Method::POST && target.starts_with(PATH)
}

/// A visitor of the pages.
struct Visit<'a> {
    method: &'a Method,
    /// What lets him in: the link's secret, or that of the page behind it.
    secret: &'a str,
    /// What he wants there.
    wanted: &'a str,
    /// Whether he was led here by a wrong code.
    wrong: bool,
    form: &'a [u8],
    from: IpAddr,
    language: Language,
    device: Device,
    /// Where the site is, as he sees it.
    host: &'a str,
    site: &'a Site,
    /// Whether his connection was asked for a certificate.
    asked: bool,
}

impl Proxy {
    /// Answers a request for one of the pages.
    ///
    /// # Errors
    /// The answer.
    pub(super) async fn enrol(
        &self,
        exchange: &Exchange,
        request: &Request<'_>,
        site: &Site,
    ) -> Result<(), LocalResponse> {
        let rest = request.path().strip_prefix(PATH);
        let (Some(rest), true) = (rest, exchange.sites.has_own_clients) else {
            return Ok(());
        };
        let visit = visit(exchange, request, site, rest);
        let trusted = &exchange.sites.config.trusted_proxies;
        if site.asks(exchange.connection.peer.ip(), trusted) {
            let over = page::over(visit.language, Over::AskedHere);
            return Err(own(StatusCode::BAD_REQUEST, over).closing());
        }
        Err(Box::pin(self.answer_visit(&visit)).await)
    }

    async fn answer_visit(&self, visit: &Visit<'_>) -> LocalResponse {
        match (visit.method, visit.wanted) {
            (&Method::GET | &Method::HEAD, "") => self.show(visit),
            (&Method::POST, "") => self.enter(visit).await,
            (&Method::POST, "try") => self.begin_trial(visit),
            (&Method::GET | &Method::HEAD, "state") => self.tell_state(visit),
            (&Method::GET | &Method::HEAD, file) => self.hand_over(visit, file),
            _ => unknown(visit, StatusCode::METHOD_NOT_ALLOWED)
                .with(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST")),
        }
    }

    /// Behind the link: the question for the code. Behind the code: the files.
    fn show(&self, visit: &Visit<'_>) -> LocalResponse {
        if let Some((name, left)) = self.clients.invited(visit.secret, visit.from) {
            let page = page::code(visit.language, name.as_str(), visit.wrong, left);
            return own(StatusCode::OK, page);
        }
        match self.clients.fetching(visit.secret) {
            Some(fetching) => own(StatusCode::OK, self.files(visit, &fetching)),
            None => unknown(visit, StatusCode::NOT_FOUND),
        }
    }

    fn files(&self, visit: &Visit<'_>, fetching: &Fetching) -> String {
        page::ready(&Ready {
            language: visit.language,
            device: visit.device,
            name: fetching.name.as_str(),
            host: visit.host,
            password: fetching.credential.password.as_str(),
            base: &format!("{PATH}{}", visit.secret),
            file: &fetching.name.for_file(),
            self_signed: visit.site.config.certificate == Certificate::SelfSigned,
            asked_here: self.clients.tries(visit.from),
            seen: fetching.seen,
        })
    }

    async fn enter(&self, visit: &Visit<'_>) -> LocalResponse {
        let (link, code) = (visit.secret.to_owned(), code(visit.form));
        match self.clients.enter(link, code, visit.from).await {
            Entered::Right(page) => see(&format!("{PATH}{page}")),
            Entered::Wrong(_) => see(&format!("{PATH}{}{WRONG}", visit.secret)),
            Entered::Last => over(visit, StatusCode::FORBIDDEN, Over::Tries),
            Entered::Unknown => unknown(visit, StatusCode::NOT_FOUND),
            Entered::Failed(fault) => failed(visit, &fault),
        }
    }

    /// Has the device asked for its certificate for a minute; a connection is asked at its
    /// beginning only, so this one ends.
    fn begin_trial(&self, visit: &Visit<'_>) -> LocalResponse {
        if self.clients.fetching(visit.secret).is_none() {
            return unknown(visit, StatusCode::NOT_FOUND);
        }
        self.clients.let_try(visit.from);
        see(&format!("{PATH}{}", visit.secret)).closing()
    }

    fn tell_state(&self, visit: &Visit<'_>) -> LocalResponse {
        let Some(fetching) = self.clients.fetching(visit.secret) else {
            return unknown(visit, StatusCode::NOT_FOUND);
        };
        let state = format!("{{\"seen\":{}}}", fetching.seen);
        let answer = LocalResponse::of(StatusCode::OK, "application/json", state.into());
        if self.clients.tries(visit.from) && !visit.asked {
            return answer.closing();
        }
        answer
    }

    fn hand_over(&self, visit: &Visit<'_>, file: &str) -> LocalResponse {
        let Some(fetching) = self.clients.fetching(visit.secret) else {
            return unknown(visit, StatusCode::NOT_FOUND);
        };
        let made = match file.rsplit_once('.').map(|(_, kind)| kind) {
            Some("p12") => pkcs12(&fetching, "application/x-pkcs12", "p12"),
            Some("ohp12") => pkcs12(&fetching, "application/octet-stream", "ohp12"),
            Some("mobileconfig") => profile(visit, &fetching),
            _ => return unknown(visit, StatusCode::NOT_FOUND),
        };
        match made {
            Ok(answer) => {
                if *visit.method == Method::GET {
                    self.clients.fetched(visit.secret, file);
                }
                answer
            }
            Err(fault) => failed(visit, &format!("{fault:#}")),
        }
    }
}

fn visit<'a>(
    exchange: &'a Exchange,
    request: &'a Request<'_>,
    site: &'a Site,
    rest: &'a str,
) -> Visit<'a> {
    let (secret, wanted) = rest.split_once('/').unwrap_or((rest, ""));
    Visit {
        method: request.method,
        secret,
        wanted,
        wrong: request.target.ends_with(WRONG),
        form: &exchange.form,
        from: exchange.connection.peer.ip(),
        language: Reader::of(request.fields).language(),
        device: Device::of(&exchange.logged.user_agent),
        host: &exchange.logged.host,
        site,
        asked: exchange.connection.asked(),
    }
}

/// The digits of the form's code; people write spaces between them.
fn code(form: &[u8]) -> String {
    let form = String::from_utf8_lossy(form);
    let code = form.split('&').find_map(|it| it.strip_prefix("code="));
    let digits = code.unwrap_or_default().replace("%20", "");
    digits.chars().filter(char::is_ascii_digit).collect()
}

fn pkcs12(fetching: &Fetching, kind: &'static str, ending: &str) -> anyhow::Result<LocalResponse> {
    let file = fetching.credential.pkcs12()?;
    let disposition = disposition(&fetching.name, ending);
    Ok(LocalResponse::of(StatusCode::OK, kind, file.into())
        .with(header::CONTENT_DISPOSITION, disposition))
}

fn profile(visit: &Visit<'_>, fetching: &Fetching) -> anyhow::Result<LocalResponse> {
    let certified = visit.site.tls.certified();
    let self_signed = visit.site.config.certificate == Certificate::SelfSigned;
    let server = certified.key.cert.first().filter(|_| self_signed);
    let profile = fetching
        .credential
        .profile(visit.host, server.map(AsRef::as_ref))?;
    let kind = "application/x-apple-aspen-config";
    Ok(LocalResponse::of(StatusCode::OK, kind, profile.into()))
}

/// RFC 6266: a name for all, and the right one for those who read it.
fn disposition(name: &Name, ending: &str) -> HeaderValue {
    let whole = utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC);
    let plain = name.for_file();
    let text =
        format!("attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{whole}.{ending}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

fn own(status: StatusCode, page: String) -> LocalResponse {
    let answer = LocalResponse::html(status, page);
    match HeaderValue::from_str(&page::content_security_policy()) {
        Ok(policy) => answer.guarded_by(policy),
        Err(_) => answer,
    }
}

fn over(visit: &Visit<'_>, status: StatusCode, why: Over<'_>) -> LocalResponse {
    own(status, page::over(visit.language, why))
}

fn unknown(visit: &Visit<'_>, status: StatusCode) -> LocalResponse {
    over(visit, status, Over::Unknown)
}

fn failed(visit: &Visit<'_>, fault: &str) -> LocalResponse {
    over(
        visit,
        StatusCode::INTERNAL_SERVER_ERROR,
        Over::NotIssued(fault),
    )
}

/// 303: what was posted is not posted again by a reload.
fn see(path: &str) -> LocalResponse {
    let answer = LocalResponse::html(StatusCode::SEE_OTHER, String::new());
    match HeaderValue::from_str(path) {
        Ok(location) => answer.with(header::LOCATION, location),
        Err(_) => answer,
    }
}

/// Takes a form in pieces; none when it is larger than a form may be.
pub(crate) fn grow(form: &mut Vec<u8>, piece: &Bytes) -> Option<()> {
    form.extend_from_slice(piece);
    (form.len() <= MOST_FORM).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_from_its_field_with_or_without_spaces() {
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
    fn the_name_of_a_file_is_plain_for_some_and_whole_for_others() {
        let name = Name::parse("Omas Händi\"; x").unwrap();
        let value = disposition(&name, "p12");
        assert_eq!(
            value.to_str().unwrap(),
            "attachment; filename=\"omas-h-ndi-x.p12\"; \
             filename*=UTF-8''Omas%20H%C3%A4ndi%22%3B%20x.p12"
        );
    }
}

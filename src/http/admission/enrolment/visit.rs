//! A request for an enrolment page, and the responses that depend on it.

use std::net::IpAddr;

use http::{Method, StatusCode};

use super::{WRONG, enrolment_page};
use crate::{
    config::model::Certificate,
    devices::{
        DownloadContent,
        pages::{self, InvitationEnd, Language, Platform},
    },
    http::{
        request::{Exchange, Request},
        response::local_response::LocalResponse,
    },
    pages::reader::Reader,
    sites::site::Site,
};

/// A request for one of the pages.
pub(super) struct Visit<'a> {
    pub(super) method: &'a Method,
    /// The secret of the link, or of the download page behind it.
    pub(super) secret: &'a str,
    /// The path after the secret.
    pub(super) resource: &'a str,
    /// Set after a wrong code.
    pub(super) wrong: bool,
    pub(super) form: &'a [u8],
    pub(super) from: IpAddr,
    pub(super) language: Language,
    pub(super) device: Platform,
    /// Host and port of the request.
    pub(super) host: &'a str,
    pub(super) site: &'a Site,
    /// Set when the handshake requested a certificate.
    pub(super) certificate_requested: bool,
}

impl<'a> Visit<'a> {
    pub(super) fn new(
        exchange: &'a Exchange,
        request: &'a Request<'_>,
        site: &'a Site,
        rest: &'a str,
    ) -> Self {
        let (secret, resource) = rest.split_once('/').unwrap_or((rest, ""));
        Self {
            method: request.method,
            secret,
            resource,
            wrong: request.target.ends_with(WRONG),
            form: &exchange.form,
            from: exchange.connection.peer.ip(),
            language: Reader::of(request.fields).language(),
            device: Platform::detect(&exchange.logged.user_agent),
            host: exchange.logged.host(),
            site,
            certificate_requested: exchange.connection.asked(),
        }
    }

    /// The device's certificate as a configuration profile for iOS and macOS.
    pub(super) fn profile(&self, fetching: &DownloadContent) -> anyhow::Result<LocalResponse> {
        let certified = self.site.tls.certified();
        let self_signed = self.site.config.certificate == Certificate::SelfSigned;
        let server = certified.key.cert.first().filter(|_| self_signed);
        let profile = fetching
            .credential
            .profile(self.host, server.map(AsRef::as_ref))?;
        let media_type = "application/x-apple-aspen-config";
        Ok(LocalResponse::with_body(
            StatusCode::OK,
            media_type,
            profile.into(),
        ))
    }

    /// The page at which enrolment ends without a certificate.
    pub(super) fn over(&self, status: StatusCode, why: InvitationEnd<'_>) -> LocalResponse {
        enrolment_page(status, pages::over(self.language, why))
    }

    pub(super) fn unknown(&self, status: StatusCode) -> LocalResponse {
        self.over(status, InvitationEnd::Unknown)
    }

    pub(super) fn failed(&self, fault: &str) -> LocalResponse {
        self.over(
            StatusCode::INTERNAL_SERVER_ERROR,
            InvitationEnd::NotIssued(fault),
        )
    }
}

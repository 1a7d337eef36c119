//! The enrolment of a device: invitation, code, certificate, download.
//!
//! The operator's commands open an invitation; `http/admission/enrolment` calls the rest for the
//! device. A [`ProgressReceiver`] reports the progress to the waiting command.

use std::{net::IpAddr, time::Instant};

use time::OffsetDateTime;

use super::{
    Devices,
    files::credential::{Credential, FileOptions, issue},
    invitation::{CodeCheck, certificate_request::CertificateRequest, download::Download},
    lock,
    registry::name::Name,
};
use crate::telemetry::progress::{self, ProgressReceiver};

/// Result of a code entered on an enrolment page.
#[derive(Debug)]
pub enum CodeOutcome {
    /// The code is right; holds the secret of the download page.
    Right(String),
    /// The code is wrong; holds the number of remaining attempts.
    Wrong(u8),
    /// The code is wrong and was the last attempt.
    Last,
    /// The link is unknown, used or expired.
    Unknown,
    /// The code is right but no certificate could be issued; the link remains valid.
    Failed(String),
}

/// Content of a download page.
#[derive(Debug)]
pub struct DownloadContent {
    /// Name of the device.
    pub name: Name,
    /// Key and certificate for the files.
    pub credential: Credential,
    /// The certificate was used in a handshake.
    pub seen: bool,
}

impl Devices {
    /// Invites a device; returns the secret of its link, its code and the progress.
    ///
    /// # Errors
    /// When the name is taken or already invited, or the system has no random numbers.
    pub fn invite(
        &self,
        request: CertificateRequest,
        file_options: FileOptions,
    ) -> anyhow::Result<(String, String, ProgressReceiver)> {
        let registry = self.0.ca_store.register()?;
        request.check(&registry, OffsetDateTime::now_utc())?;
        let (progress, steps) = progress::channel();
        let mut invitations = lock(&self.0.invitations);
        let (link, code) = invitations.open(request, file_options, progress, Instant::now())?;
        Ok((link, code, steps))
    }

    /// Returns an open invitation: the secret of its link, its code and the progress from now on.
    ///
    /// # Errors
    /// When the name has no open invitation.
    pub fn invitation(&self, name: &Name) -> anyhow::Result<(String, String, ProgressReceiver)> {
        let (progress, steps) = progress::channel();
        let mut invitations = lock(&self.0.invitations);
        let (link, code) = invitations.show(name, progress, Instant::now())?;
        Ok((link, code, steps))
    }

    /// Withdraws an open invitation.
    ///
    /// # Errors
    /// When the name has no open invitation.
    pub fn withdraw(&self, name: &Name) -> anyhow::Result<()> {
        lock(&self.0.invitations).withdraw(name, Instant::now())
    }

    /// Returns the device name and the remaining attempts of an open link, and reports its opening.
    #[must_use]
    pub fn invited(&self, link: &str, from: IpAddr) -> Option<(Name, u8)> {
        let mut invitations = lock(&self.0.invitations);
        let invitation = invitations.open_by_link(link, Instant::now())?;
        invitation.opened(from);
        Some((invitation.request.name.clone(), invitation.attempts_left()))
    }

    /// Checks the code of a link and, if it is right, issues the certificate.
    pub async fn enter(&self, link: String, code: String, from: IpAddr) -> CodeOutcome {
        let (devices, entered) = (self.clone(), link.clone());
        // Generating an RSA key takes a small machine seconds.
        let entering = self
            .0
            .files
            .run(move || devices.try_code(&entered, &code, from));
        entering.await.unwrap_or_else(|fault| {
            let fault = fault.to_string();
            lock(&self.0.invitations).failed(&link, &fault);
            CodeOutcome::Failed(fault)
        })
    }

    fn try_code(&self, link: &str, code: &str, from: IpAddr) -> CodeOutcome {
        let check = lock(&self.0.invitations).try_code(link, code, from, Instant::now());
        match check {
            CodeCheck::Right(request, file_options) => self.issue(link, &request, file_options),
            CodeCheck::Wrong(left) => CodeOutcome::Wrong(left),
            CodeCheck::Last => CodeOutcome::Last,
            CodeCheck::Unknown => CodeOutcome::Unknown,
        }
    }

    fn issue(
        &self,
        link: &str,
        request: &CertificateRequest,
        file_options: FileOptions,
    ) -> CodeOutcome {
        let download = issue(&self.0.ca_store, request, file_options)
            .and_then(|(client, credential)| Download::new(client, credential));
        let mut invitations = lock(&self.0.invitations);
        match download {
            Ok(download) => {
                let page = download.page.text().to_owned();
                invitations.ready(link, download, Instant::now());
                CodeOutcome::Right(page)
            }
            Err(fault) => {
                let fault = format!("{fault:#}");
                invitations.failed(link, &fault);
                CodeOutcome::Failed(fault)
            }
        }
    }

    /// Returns the content of a download page; none if its secret is unknown or expired.
    #[must_use]
    pub fn fetching(&self, page: &str) -> Option<DownloadContent> {
        let mut invitations = lock(&self.0.invitations);
        let (download, _) = invitations.download_of_page(page, Instant::now())?;
        Some(DownloadContent {
            name: download.certificate.name.clone(),
            credential: download.credential.clone(),
            seen: download.seen,
        })
    }

    /// Reports that a file of a download page was fetched.
    pub fn fetched(&self, page: &str, file: &str) {
        let mut invitations = lock(&self.0.invitations);
        if let Some((download, progress)) = invitations.download_of_page(page, Instant::now()) {
            progress.report(
                download.certificate.name.as_str(),
                &format!("fetched {file}"),
            );
        }
    }
}

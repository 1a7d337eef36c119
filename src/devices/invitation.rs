//! Invitations: a link and a six-digit code, valid once and for ten minutes.
//!
//! They exist in memory only and end with the process.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use self::{certificate_request::CertificateRequest, download::Download, token::Token};
use super::{files::credential::FileOptions, registry::name::Name};
use crate::telemetry::progress::ProgressSender;

/// The invitations of all devices, from the opening to the end of the download.
#[derive(Debug, Default)]
pub(super) struct Invitations(Vec<Invitation>);

/// An invitation of one device.
#[derive(Debug)]
pub(super) struct Invitation {
    /// Certificate request.
    pub(super) request: CertificateRequest,
    file_options: FileOptions,
    /// Reports the progress to the waiting command.
    progress: ProgressSender,
    /// Address of the last device that opened the link.
    opened_by: Option<IpAddr>,
    link: Token,
    code: Token,
    attempts_left: u8,
    until: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The link waits for the right code.
    Open,
    /// The code was right; the certificate is being issued.
    Issuing,
    /// The certificate can be downloaded.
    Ready(Box<Download>),
}

/// Outcome of the check of a code.
#[derive(Debug)]
pub(super) enum CodeCheck {
    /// The code is right; the certificate is to be issued.
    Right(CertificateRequest, FileOptions),
    /// The code is wrong; holds the number of remaining attempts.
    Wrong(u8),
    /// The code is wrong and was the last attempt.
    Last,
    /// The link is unknown, used or expired.
    Unknown,
}

/// Lifetime of a link, and then of its download page.
pub const LIFE: Duration = Duration::from_secs(600);
/// Attempts to enter a code.
const ATTEMPTS: u8 = 3;
/// Invitations at a time.
const MAX_INVITATIONS: usize = 32;
const THREE_WRONG: &str = "three wrong codes: the link has ended; invite the device again";
const NOT_SEEN: &str = "the certificate was issued but not used yet; \
    `hubgate client list` shows its first use";
const SHOWN_AGAIN: &str = "another command now follows this invitation";
const WITHDRAWN: &str = "the invitation was withdrawn";
const UNUSED: &str = "the link was not used within ten minutes; invite the device again";

impl Invitations {
    /// Opens an invitation; returns the secret of its link and its code.
    ///
    /// # Errors
    /// When the name is already invited or 32 invitations exist.
    pub(super) fn open(
        &mut self,
        request: CertificateRequest,
        file_options: FileOptions,
        progress: ProgressSender,
        now: Instant,
    ) -> anyhow::Result<(String, String)> {
        let name = request.name.as_str();
        let is_same = |other: &Invitation| other.is_open() && other.request.name == request.name;
        if self.0.iter().any(is_same) {
            anyhow::bail!(
                "{name:?} is invited already: `hubgate client add {name:?} --show` shows that link again, \
                 --withdraw ends it"
            );
        }
        if self.0.len() >= MAX_INVITATIONS {
            anyhow::bail!("{MAX_INVITATIONS} invitations are open: wait until one ends");
        }
        let (link, code) = (Token::link()?, Token::code()?);
        let texts = (link.text().to_owned(), code.text().to_owned());
        self.0.push(Invitation {
            request,
            file_options,
            progress,
            opened_by: None,
            link,
            code,
            attempts_left: ATTEMPTS,
            until: now + LIFE,
            stage: Stage::Open,
        });
        Ok(texts)
    }

    /// Returns the secret of the link and the code of an open invitation; reports its progress to
    /// another command from now on.
    ///
    /// # Errors
    /// When the name has no open invitation.
    pub(super) fn show(
        &mut self,
        name: &Name,
        progress: ProgressSender,
        now: Instant,
    ) -> anyhow::Result<(String, String)> {
        let invitation = self.open_by_name(name, now)?;
        let previous = std::mem::replace(&mut invitation.progress, progress);
        previous.failed(SHOWN_AGAIN.to_owned());
        let (link, code) = (&invitation.link, &invitation.code);
        Ok((link.text().to_owned(), code.text().to_owned()))
    }

    /// Removes an open invitation.
    ///
    /// # Errors
    /// When the name has no open invitation.
    pub(super) fn withdraw(&mut self, name: &Name, now: Instant) -> anyhow::Result<()> {
        let invitation = self.open_by_name(name, now)?;
        invitation.progress.failed(WITHDRAWN.to_owned());
        self.0
            .retain(|invitation| !invitation.is_open() || invitation.request.name != *name);
        Ok(())
    }

    fn open_by_name(&mut self, name: &Name, now: Instant) -> anyhow::Result<&mut Invitation> {
        let mut named = self
            .0
            .iter_mut()
            .filter(|invitation| invitation.request.name == *name && invitation.until > now);
        let name = name.as_str();
        match named.next() {
            Some(invitation) if invitation.is_open() => Ok(invitation),
            Some(_) => anyhow::bail!(
                "the invitation of {name:?} was used: `hubgate client revoke {name:?}` locks the device out"
            ),
            None => anyhow::bail!(
                "{name:?} has no open invitation: `hubgate client add {name:?}` creates one"
            ),
        }
    }

    /// Returns the open invitation of a link.
    pub(super) fn open_by_link(&mut self, link: &str, now: Instant) -> Option<&mut Invitation> {
        let mut open = self
            .0
            .iter_mut()
            .filter(|invitation| invitation.is_open() && invitation.until > now);
        open.find(|invitation| invitation.link.is(link))
    }

    /// Checks the code of a link; the third wrong code ends the invitation.
    pub(super) fn try_code(
        &mut self,
        link: &str,
        code: &str,
        from: IpAddr,
        now: Instant,
    ) -> CodeCheck {
        let Some(invitation) = self.open_by_link(link, now) else {
            return CodeCheck::Unknown;
        };
        if invitation.code.is(code) {
            invitation.stage = Stage::Issuing;
            invitation.report(&format!("right code from {from}"));
            return CodeCheck::Right(invitation.request.clone(), invitation.file_options);
        }
        invitation.report(&format!("wrong code from {from}"));
        invitation.attempts_left -= 1;
        if invitation.attempts_left > 0 {
            return CodeCheck::Wrong(invitation.attempts_left);
        }
        invitation.until = now;
        CodeCheck::Last
    }

    /// Opens the link again after its certificate could not be issued.
    pub(super) fn failed(&mut self, link: &str, fault: &str) {
        if let Some(invitation) = self.issuing(link) {
            invitation.report(&format!("no certificate could be issued: {fault}"));
            invitation.stage = Stage::Open;
        }
    }

    /// Offers the issued certificate for download, for ten minutes.
    pub(super) fn ready(&mut self, link: &str, download: Download, now: Instant) {
        if let Some(invitation) = self.issuing(link) {
            invitation.report(&format!(
                "certificate {} was issued",
                download.certificate.serial
            ));
            invitation.stage = Stage::Ready(Box::new(download));
            invitation.until = now + LIFE;
        }
    }

    /// Returns the download whose page has this secret.
    pub(super) fn download_of_page(
        &mut self,
        page: &str,
        now: Instant,
    ) -> Option<(&mut Download, &ProgressSender)> {
        let invitations = self.0.iter_mut();
        let live = invitations.filter(|invitation| invitation.until > now);
        let mut downloads = live.filter_map(Invitation::download);
        downloads.find(|(download, _)| download.page.is(page))
    }

    /// Returns the download of a certificate by its serial number.
    pub(super) fn download_of_serial(
        &mut self,
        serial: &str,
    ) -> Option<(&mut Download, &ProgressSender)> {
        let mut downloads = self.0.iter_mut().filter_map(Invitation::download);
        downloads.find(|(download, _)| download.certificate.serial == serial)
    }

    /// Removes and returns the expired invitations, except while their certificate is issued.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Invitation> {
        let is_expired = |invitation: &mut Invitation| {
            invitation.until <= now && !matches!(invitation.stage, Stage::Issuing)
        };
        self.0.extract_if(.., is_expired).collect()
    }

    /// Returns the invitation of a link while its certificate is issued.
    fn issuing(&mut self, link: &str) -> Option<&mut Invitation> {
        let mut issuing = self
            .0
            .iter_mut()
            .filter(|invitation| matches!(invitation.stage, Stage::Issuing));
        issuing.find(|invitation| invitation.link.is(link))
    }
}

impl Invitation {
    /// Returns the remaining attempts to enter the code.
    pub(super) fn attempts_left(&self) -> u8 {
        self.attempts_left
    }

    /// Reports the opening of the link, once per change of address.
    pub(super) fn opened(&mut self, from: IpAddr) {
        if self.opened_by.replace(from) != Some(from) {
            self.report(&format!("link opened by {from}"));
        }
    }

    /// Reports the failure of an expired invitation to the waiting command, unless its certificate
    /// was used.
    pub(super) fn end(&self) {
        match &self.stage {
            Stage::Ready(download) if download.seen => {}
            Stage::Ready(_) => self.progress.failed(NOT_SEEN.to_owned()),
            _ if self.attempts_left == 0 => self.progress.failed(THREE_WRONG.to_owned()),
            _ => self.progress.failed(UNUSED.to_owned()),
        }
    }

    fn report(&self, step: &str) {
        self.progress.report(self.request.name.as_str(), step);
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    fn download(&mut self) -> Option<(&mut Download, &ProgressSender)> {
        match &mut self.stage {
            Stage::Ready(download) => Some((download, &self.progress)),
            Stage::Open | Stage::Issuing => None,
        }
    }
}

pub(crate) mod certificate_request;
pub(crate) mod download;
pub(crate) mod test_window;
#[cfg(test)]
mod tests;
pub(crate) mod token;

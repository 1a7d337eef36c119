//! Invitations: an enrolment link that works once, with a code, for ten minutes.
//!
//! They are in memory only: an unused invitation ends after its time or with the process.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{credential::Making, name::Name, secret::Token, ticket::Download, wish::Wish};
use crate::telemetry::progress::Teller;

/// The open invitations, and those of which the certificate is being downloaded.
#[derive(Debug, Default)]
pub(super) struct Invitations(Vec<Invitation>);

/// An invitation of one device.
#[derive(Debug)]
pub(super) struct Invitation {
    /// Request for the certificate.
    pub(super) wish: Wish,
    making: Making,
    /// Listener of the command that shows the invitation.
    teller: Teller,
    /// Address that opened the link last.
    opened_by: Option<IpAddr>,
    link: Token,
    code: Token,
    tries_left: u8,
    until: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The code was not entered yet.
    Open,
    /// The code was entered, and the certificate is being issued.
    Taken,
    /// The certificate can be downloaded.
    Ready(Box<Download>),
}

/// The result of entering a code.
#[derive(Debug)]
pub(super) enum CodeResult {
    /// Correct: the certificate is to be issued.
    Right(Wish, Making),
    /// Wrong, with this number of tries left.
    Wrong(u8),
    /// Wrong on the last try.
    Last,
    /// Unknown, used or expired link.
    Unknown,
}

/// Lifetime of a link, and of the download page after it.
pub const LIFE: Duration = Duration::from_secs(600);
/// Tries of the code.
const TRIES: u8 = 3;
/// Most invitations at a time.
const MAX_INVITATIONS: usize = 32;
const THREE_WRONG: &str = "three wrong codes: the link has ended; invite the device again";
const NOT_SEEN: &str = "the device has its certificate and has not presented it yet; \
    `hubgate client list` shows when it was last seen";
const SHOWN_AGAIN: &str = "another command shows this invitation and its progress now";
const WITHDRAWN: &str = "the invitation was withdrawn";
const UNUSED: &str = "the link was not used within ten minutes; invite the device again";

impl Invitations {
    /// Opens an invitation; returns the token of its link and its code.
    ///
    /// # Errors
    /// The device has an open invitation, or too many devices have.
    pub(super) fn open(
        &mut self,
        wish: Wish,
        making: Making,
        teller: Teller,
        now: Instant,
    ) -> anyhow::Result<(String, String)> {
        let name = wish.name.as_str();
        let is_same = |open: &Invitation| open.is_open() && open.wish.name == wish.name;
        if self.0.iter().any(is_same) {
            anyhow::bail!(
                "{name:?} is invited already: `hubgate client add {name:?} --show` shows that link again, \
                 --withdraw ends it"
            );
        }
        if self.0.len() >= MAX_INVITATIONS {
            anyhow::bail!("{MAX_INVITATIONS} invitations are open: wait until some of them end");
        }
        let (link, code) = (Token::link()?, Token::code()?);
        let texts = (link.text().to_owned(), code.text().to_owned());
        self.0.push(Invitation {
            wish,
            making,
            teller,
            opened_by: None,
            link,
            code,
            tries_left: TRIES,
            until: now + LIFE,
            stage: Stage::Open,
        });
        Ok(texts)
    }

    /// Shows an open invitation to another listener; the one before is dismissed.
    ///
    /// # Errors
    /// No invitation of that name is open.
    pub(super) fn show(
        &mut self,
        name: &Name,
        teller: Teller,
        now: Instant,
    ) -> anyhow::Result<(String, String)> {
        let invitation = self.find_open(name, now)?;
        let previous = std::mem::replace(&mut invitation.teller, teller);
        previous.failed(SHOWN_AGAIN.to_owned());
        let (link, code) = (&invitation.link, &invitation.code);
        Ok((link.text().to_owned(), code.text().to_owned()))
    }

    /// Ends an open invitation.
    ///
    /// # Errors
    /// No invitation of that name is open.
    pub(super) fn withdraw(&mut self, name: &Name, now: Instant) -> anyhow::Result<()> {
        let invitation = self.find_open(name, now)?;
        invitation.teller.failed(WITHDRAWN.to_owned());
        self.0
            .retain(|invitation| !invitation.is_open() || invitation.wish.name != *name);
        Ok(())
    }

    fn find_open(&mut self, name: &Name, now: Instant) -> anyhow::Result<&mut Invitation> {
        let mut named = self
            .0
            .iter_mut()
            .filter(|invitation| invitation.wish.name == *name && invitation.until > now);
        let shown = name.as_str();
        match named.next() {
            Some(invitation) if invitation.is_open() => Ok(invitation),
            Some(_) => anyhow::bail!(
                "the invitation of {shown:?} was used: `hubgate client revoke {shown:?}` locks the device out"
            ),
            None => anyhow::bail!(
                "{shown:?} has no open invitation: `hubgate client add {shown:?}` makes one"
            ),
        }
    }

    /// Returns the open invitation of a link.
    pub(super) fn find_link(&mut self, link: &str, now: Instant) -> Option<&mut Invitation> {
        let mut open = self
            .0
            .iter_mut()
            .filter(|invitation| invitation.is_open() && invitation.until > now);
        open.find(|invitation| invitation.link.is(link))
    }

    /// Enters the code of a link. The link ends with the correct code, and with the last wrong one.
    pub(super) fn try_code(
        &mut self,
        link: &str,
        code: &str,
        from: IpAddr,
        now: Instant,
    ) -> CodeResult {
        let Some(invitation) = self.find_link(link, now) else {
            return CodeResult::Unknown;
        };
        if invitation.code.is(code) {
            invitation.stage = Stage::Taken;
            invitation.report(&format!("right code from {from}"));
            return CodeResult::Right(invitation.wish.clone(), invitation.making);
        }
        invitation.report(&format!("wrong code from {from}"));
        invitation.tries_left -= 1;
        if invitation.tries_left > 0 {
            return CodeResult::Wrong(invitation.tries_left);
        }
        invitation.until = now;
        CodeResult::Last
    }

    /// Reopens the link after the certificate could not be issued.
    pub(super) fn failed(&mut self, link: &str, fault: &str) {
        if let Some(invitation) = self.taken(link) {
            invitation.report(&format!("no certificate could be made: {fault}"));
            invitation.stage = Stage::Open;
        }
    }

    /// Offers a certificate for download, for the lifetime of a link.
    pub(super) fn ready(&mut self, link: &str, download: Download, now: Instant) {
        if let Some(invitation) = self.taken(link) {
            invitation.report(&format!("certificate {} was made", download.client.serial));
            invitation.stage = Stage::Ready(Box::new(download));
            invitation.until = now + LIFE;
        }
    }

    /// Returns the download of a page.
    pub(super) fn find_page(
        &mut self,
        page: &str,
        now: Instant,
    ) -> Option<(&mut Download, &Teller)> {
        let live = self
            .0
            .iter_mut()
            .filter(|invitation| invitation.until > now);
        let mut downloads = live.filter_map(Invitation::download);
        downloads.find(|(download, _)| download.page.is(page))
    }

    /// Returns the download of a certificate.
    pub(super) fn find_serial(&mut self, serial: &str) -> Option<(&mut Download, &Teller)> {
        let mut downloads = self.0.iter_mut().filter_map(Invitation::download);
        downloads.find(|(download, _)| download.client.serial == serial)
    }

    /// Removes and returns the expired invitations.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Invitation> {
        let is_expired = |invitation: &mut Invitation| {
            invitation.until <= now && !matches!(invitation.stage, Stage::Taken)
        };
        self.0.extract_if(.., is_expired).collect()
    }

    /// Returns the invitation of a link, while its certificate is being issued.
    fn taken(&mut self, link: &str) -> Option<&mut Invitation> {
        let mut taken = self
            .0
            .iter_mut()
            .filter(|invitation| matches!(invitation.stage, Stage::Taken));
        taken.find(|invitation| invitation.link.is(link))
    }
}

impl Invitation {
    /// Returns the number of tries left.
    pub(super) fn tries_left(&self) -> u8 {
        self.tries_left
    }

    /// Reports that an address opens the link, once if it does so again.
    pub(super) fn opened(&mut self, from: IpAddr) {
        if self.opened_by.replace(from) != Some(from) {
            self.report(&format!("link opened by {from}"));
        }
    }

    /// Reports the end of the invitation.
    pub(super) fn end(&self) {
        match &self.stage {
            Stage::Ready(download) if download.seen => {}
            Stage::Ready(_) => self.teller.failed(NOT_SEEN.to_owned()),
            _ if self.tries_left == 0 => self.teller.failed(THREE_WRONG.to_owned()),
            _ => self.teller.failed(UNUSED.to_owned()),
        }
    }

    fn report(&self, step: &str) {
        self.teller.tell(self.wish.name.as_str(), step);
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    fn download(&mut self) -> Option<(&mut Download, &Teller)> {
        match &mut self.stage {
            Stage::Ready(download) => Some((download, &self.teller)),
            Stage::Open | Stage::Taken => None,
        }
    }
}

#[cfg(test)]
mod tests;

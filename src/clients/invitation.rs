//! Invitations: a link that works once, with a code, for ten minutes.
//!
//! Kept in memory only: what was not taken in time, or when the process ends, is nobody's.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{credential::Making, name::Name, secret::Secret, ticket::Ticket, wish::Wish};
use crate::telemetry::progress::Teller;

/// The invitations that are open and the certificates that are being fetched.
#[derive(Debug, Default)]
pub(super) struct Invitations(Vec<Invitation>);

/// A link, and what came of it.
#[derive(Debug)]
pub(super) struct Invitation {
    /// What is wanted.
    pub(super) wish: Wish,
    making: Making,
    /// Who waits for it.
    teller: Teller,
    /// Who has opened the link last.
    opened_by: Option<IpAddr>,
    link: Secret,
    code: Secret,
    tries_left: u8,
    until: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Nobody has given the right code yet.
    Open,
    /// Somebody has, and the certificate is being made.
    Taken,
    /// It can be fetched.
    Ready(Box<Ticket>),
}

/// What came of a code.
#[derive(Debug)]
pub(super) enum Tried {
    /// It is right; what is wanted is to be made now.
    Right(Wish, Making),
    /// It is wrong, and so many more may be tried.
    Wrong(u8),
    /// It was wrong for the last time.
    Last,
    /// The link is unknown, used or over.
    Unknown,
}

/// How long a link works, and then the page behind it.
pub const LIFE: Duration = Duration::from_secs(600);
/// Codes that may be tried.
const TRIES: u8 = 3;
/// Links open at a time.
const MOST: usize = 32;
const THREE_WRONG: &str = "three wrong codes: the link is over; invite the device again";
const NOT_SEEN: &str = "the device has its certificate and has not shown it yet; \
    `hubgate client list` tells when it has";
const SHOWN_AGAIN: &str = "another command shows this invitation now, and goes on here";
const WITHDRAWN: &str = "the invitation was withdrawn";
const UNUSED: &str = "the link was not used within ten minutes; invite the device again";

impl Invitations {
    /// Opens an invitation; returns its link's secret and its code.
    ///
    /// # Errors
    /// When the device is invited already, or too many are.
    pub(super) fn open(
        &mut self,
        wish: Wish,
        making: Making,
        teller: Teller,
        now: Instant,
    ) -> anyhow::Result<(String, String)> {
        let name = wish.name.as_str();
        let is_same = |it: &Invitation| it.is_open() && it.wish.name == wish.name;
        if self.0.iter().any(is_same) {
            anyhow::bail!(
                "{name:?} is invited already: `hubgate client add {name:?} --show` shows that link again, \
                 --withdraw ends it"
            );
        }
        if self.0.len() >= MOST {
            anyhow::bail!("{MOST} invitations are open: wait until some of them end");
        }
        let (link, code) = (Secret::link()?, Secret::code()?);
        let told = (link.text().to_owned(), code.text().to_owned());
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
        Ok(told)
    }

    /// Shows an open invitation again to another listener; the one before hears no more of it.
    ///
    /// # Errors
    /// When no invitation of that name is open.
    pub(super) fn show(
        &mut self,
        name: &Name,
        teller: Teller,
        now: Instant,
    ) -> anyhow::Result<(String, String)> {
        let invitation = self.of_name(name, now)?;
        let before = std::mem::replace(&mut invitation.teller, teller);
        before.failed(SHOWN_AGAIN.to_owned());
        let (link, code) = (&invitation.link, &invitation.code);
        Ok((link.text().to_owned(), code.text().to_owned()))
    }

    /// Ends an open invitation.
    ///
    /// # Errors
    /// When no invitation of that name is open.
    pub(super) fn withdraw(&mut self, name: &Name, now: Instant) -> anyhow::Result<()> {
        let invitation = self.of_name(name, now)?;
        invitation.teller.failed(WITHDRAWN.to_owned());
        self.0
            .retain(|invitation| !invitation.is_open() || invitation.wish.name != *name);
        Ok(())
    }

    fn of_name(&mut self, name: &Name, now: Instant) -> anyhow::Result<&mut Invitation> {
        let mut of_name = self
            .0
            .iter_mut()
            .filter(|invitation| invitation.wish.name == *name && invitation.until > now);
        let shown = name.as_str();
        match of_name.next() {
            Some(invitation) if invitation.is_open() => Ok(invitation),
            Some(_) => anyhow::bail!(
                "the invitation of {shown:?} was used: `hubgate client revoke {shown:?}` locks the device out"
            ),
            None => anyhow::bail!(
                "{shown:?} has no open invitation: `hubgate client add {shown:?}` makes one"
            ),
        }
    }

    /// The invitation of a link that nobody has used.
    pub(super) fn of_connection(&mut self, link: &str, now: Instant) -> Option<&mut Invitation> {
        let mut open = self
            .0
            .iter_mut()
            .filter(|it| it.is_open() && it.until > now);
        open.find(|it| it.link.is(link))
    }

    /// Tries a code on a link; who is right first has it, and the last wrong one ends it.
    pub(super) fn try_code(&mut self, link: &str, code: &str, from: IpAddr, now: Instant) -> Tried {
        let Some(invitation) = self.of_connection(link, now) else {
            return Tried::Unknown;
        };
        if invitation.code.is(code) {
            invitation.stage = Stage::Taken;
            invitation.tell(&format!("right code from {from}"));
            return Tried::Right(invitation.wish.clone(), invitation.making);
        }
        invitation.tell(&format!("wrong code from {from}"));
        invitation.tries_left -= 1;
        if invitation.tries_left > 0 {
            return Tried::Wrong(invitation.tries_left);
        }
        invitation.until = now;
        Tried::Last
    }

    /// Notes that a certificate could not be made: the link and its code work again.
    pub(super) fn failed(&mut self, link: &str, fault: &str) {
        if let Some(invitation) = self.taken(link) {
            invitation.tell(&format!("no certificate could be made: {fault}"));
            invitation.stage = Stage::Open;
        }
    }

    /// Lets a certificate be fetched; its page lives as long as the link did.
    pub(super) fn ready(&mut self, link: &str, ticket: Ticket, now: Instant) {
        if let Some(invitation) = self.taken(link) {
            invitation.tell(&format!("certificate {} was made", ticket.client.serial));
            invitation.stage = Stage::Ready(Box::new(ticket));
            invitation.until = now + LIFE;
        }
    }

    /// The certificate that a page's secret lets fetch.
    pub(super) fn of_page(&mut self, page: &str, now: Instant) -> Option<(&mut Ticket, &Teller)> {
        let live = self.0.iter_mut().filter(|it| it.until > now);
        let mut tickets = live.filter_map(Invitation::ticket);
        tickets.find(|(ticket, _)| ticket.page.is(page))
    }

    /// The certificate with a serial number, while it is being fetched.
    pub(super) fn of_serial(&mut self, serial: &str) -> Option<(&mut Ticket, &Teller)> {
        let mut tickets = self.0.iter_mut().filter_map(Invitation::ticket);
        tickets.find(|(ticket, _)| ticket.client.serial == serial)
    }

    /// Takes out what is over.
    pub(super) fn over(&mut self, now: Instant) -> Vec<Invitation> {
        self.0
            .extract_if(.., |it| {
                it.until <= now && !matches!(it.stage, Stage::Taken)
            })
            .collect()
    }

    /// The invitation whose certificate is being made.
    fn taken(&mut self, link: &str) -> Option<&mut Invitation> {
        let mut taken = self
            .0
            .iter_mut()
            .filter(|it| matches!(it.stage, Stage::Taken));
        taken.find(|it| it.link.is(link))
    }
}

impl Invitation {
    /// Codes that may still be tried.
    pub(super) fn tries_left(&self) -> u8 {
        self.tries_left
    }

    /// Notes who opens the link; told once for each that follows another.
    pub(super) fn opened(&mut self, from: IpAddr) {
        if self.opened_by.replace(from) != Some(from) {
            self.tell(&format!("link opened by {from}"));
        }
    }

    /// Tells who waits how it ended.
    pub(super) fn end(&self) {
        match &self.stage {
            Stage::Ready(ticket) if ticket.seen => {}
            Stage::Ready(_) => self.teller.failed(NOT_SEEN.to_owned()),
            _ if self.tries_left == 0 => self.teller.failed(THREE_WRONG.to_owned()),
            _ => self.teller.failed(UNUSED.to_owned()),
        }
    }

    fn tell(&self, step: &str) {
        self.teller.tell(self.wish.name.as_str(), step);
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    fn ticket(&mut self) -> Option<(&mut Ticket, &Teller)> {
        match &mut self.stage {
            Stage::Ready(ticket) => Some((ticket, &self.teller)),
            Stage::Open | Stage::Taken => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! The decision of a site: its rule, and the exceptions by path.
//!
//! The same for HTTP/1.1, HTTP/2 and WebSockets, whatever the method. A path
//! can only tighten the site's rule, unless it is public by name.

use std::{path::Path, sync::Arc};

use super::{
    evidence::Evidence,
    factors::Factors,
    network::Client,
    password::Passwords,
    path::{self, BadPath},
    rule::{Rule, Shown, Visitor},
    throttle::Throttle,
    verdict::{Admission, Denial},
};
use crate::{
    config::model::{ClientCertificate, PathAccess, PathRule, Site},
    tls::ClientAuth,
};

/// Who may enter a site, and where.
pub struct Policy {
    site: Rule,
    exceptions: Vec<Exception>,
}

struct Exception {
    path: String,
    access: Exceptional,
}

enum Exceptional {
    Inherit,
    Public,
    And(Rule),
}

/// The part of a site that a path leads to.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    policy: &'p Policy,
    exception: Option<usize>,
}

impl Policy {
    /// The policy as configured; `load` gives the password file of a path.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn build(
        site: &Site,
        mut load: impl FnMut(&Path) -> anyhow::Result<Arc<Passwords>>,
    ) -> anyhow::Result<Self> {
        let exceptions = site.paths.iter();
        Ok(Self {
            site: Rule::build(&site.access, &mut load)?,
            exceptions: exceptions
                .map(|rule| Exception::build(rule, &mut load))
                .collect::<anyhow::Result<_>>()?,
        })
    }

    /// Whether to ask a client for its certificate: when it could change the
    /// outcome somewhere on the site. Of a client not known yet, when any rule
    /// takes certificates.
    #[must_use]
    pub fn asks(&self, client: Client) -> bool {
        self.places().any(|place| place.asks(client))
    }

    /// Where a path leads, as the client sent it and without its query.
    ///
    /// # Errors
    /// The path is malformed, or it is not sure which exception decides: 400.
    pub fn place(&self, raw_path: &[u8]) -> Result<Place<'_>, BadPath> {
        let exception = path::judge(raw_path, &self.exceptions)?;
        Ok(Place {
            policy: self,
            exception,
        })
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let exceptions = (0..self.exceptions.len()).map(Some);
        exceptions.chain([None]).map(|exception| Place {
            policy: self,
            exception,
        })
    }
}

impl Place<'_> {
    /// The index of the path rule that decides, in the site's list.
    #[must_use]
    pub fn path_rule(&self) -> Option<usize> {
        self.exception
    }

    /// Whether everybody is let in by name, from whichever page.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self.exceptional(), Some(Exceptional::Public))
    }

    /// Whether the rules here ask for nothing, without being public by name.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.is_public() && self.rules().all(Rule::is_open)
    }

    /// Whether a password is a factor here, which the hub's pages want to know.
    #[must_use]
    pub fn takes_password(&self) -> bool {
        self.rules().any(Rule::takes_password)
    }

    /// The CAs by which a certificate is judged here.
    pub fn certificates(&self) -> impl Iterator<Item = &ClientCertificate> {
        self.rules().filter_map(Rule::certificate)
    }

    /// Whether a client's certificate could change the outcome here, whatever
    /// its password.
    #[must_use]
    pub fn asks(&self, client: Client) -> bool {
        if client.address().is_none() {
            return self.rules().any(|rule| rule.certificate().is_some());
        }
        let outcome = |certificate, password| {
            self.rules().all(|rule| {
                rule.admits(Factors {
                    network: rule.is_near(client),
                    certificate,
                    password,
                })
            })
        };
        [false, true]
            .into_iter()
            .any(|password| outcome(false, password) != outcome(true, password))
    }

    /// Decides on a request to this place.
    ///
    /// # Errors
    /// Why it may not enter.
    pub async fn decide<J>(
        &self,
        visitor: &Visitor<'_, J>,
        throttle: &Arc<Throttle>,
    ) -> Result<Admission, Denial>
    where
        J: Fn(Shown, &ClientCertificate) -> ClientAuth,
    {
        if let Some(Exceptional::Public) = self.exceptional() {
            return Ok(self.welcome(visitor, throttle).await);
        }
        let sights: Vec<_> = self.rules().map(|rule| rule.look(visitor)).collect();
        for (rule, sight) in self.rules().zip(&sights) {
            rule.check(sight)?;
        }
        let (basic, client) = (visitor.basic, visitor.client);
        let mut admission = Admission {
            evidence: Evidence::of(visitor.known),
            ..Admission::default()
        };
        for (rule, sight) in self.rules().zip(sights) {
            let login = rule.log_in(&sight, basic, client, throttle).await?;
            // The first rule is the site's.
            let holder = &mut admission.holder;
            holder.get_or_insert_with(|| rule.holder(&sight, login.account()));
            admission.tell(rule.client_headers(), sight.identity.as_ref());
            admission.add(sight, &login);
        }
        Ok(admission)
    }

    /// Whether a request that was admitted before would be admitted now, by the evidence that is
    /// left of it; hashes no password.
    #[must_use]
    pub fn still_admits<J>(&self, visitor: &Visitor<'_, J>) -> bool
    where
        J: Fn(Shown, &ClientCertificate) -> ClientAuth,
    {
        self.rules()
            .all(|rule| rule.admits(rule.look(visitor).held))
    }

    /// Admits everybody, and still knows the site's own passwords and sessions: browsers send
    /// them to its public places too.
    async fn welcome<J>(&self, visitor: &Visitor<'_, J>, throttle: &Arc<Throttle>) -> Admission {
        let site = &self.policy.site;
        let (basic, client) = (visitor.basic, visitor.client);
        let login = site
            .recognise(true, basic, client, throttle)
            .await
            .looked_at();
        let mut admission = Admission {
            public: true,
            ..Admission::default()
        };
        admission.tell(site.client_headers(), None);
        admission.add(site.recall(visitor.known), &login);
        admission
    }

    /// The rules that must all admit: none where it is public.
    fn rules(&self) -> impl Iterator<Item = &Rule> {
        let (site, exception) = match self.exceptional() {
            Some(Exceptional::Public) => (None, None),
            Some(Exceptional::And(rule)) => (Some(&self.policy.site), Some(rule)),
            Some(Exceptional::Inherit) | None => (Some(&self.policy.site), None),
        };
        site.into_iter().chain(exception)
    }

    fn exceptional(&self) -> Option<&Exceptional> {
        let exception = self.policy.exceptions.get(self.exception?)?;
        Some(&exception.access)
    }
}

impl Exception {
    fn build(
        rule: &PathRule,
        load: impl FnOnce(&Path) -> anyhow::Result<Arc<Passwords>>,
    ) -> anyhow::Result<Self> {
        let access = match &rule.access {
            PathAccess::Inherit => Exceptional::Inherit,
            PathAccess::Public => Exceptional::Public,
            PathAccess::And(access) => Exceptional::And(Rule::build(access, load)?),
        };
        let path = rule.pattern();
        Ok(Self { path, access })
    }
}

impl AsRef<str> for Exception {
    fn as_ref(&self) -> &str {
        &self.path
    }
}

#[cfg(test)]
mod tests;

//! The access policy of a site: its rule, and the overrides of its path rules.
//!
//! It is the same for HTTP/1.1, HTTP/2 and WebSockets, and for every method. A path rule can only
//! tighten the site's rule, unless its access is `public`.

use std::{path::Path, sync::Arc};

use super::{
    evidence::Evidence,
    network::Client,
    password::Passwords,
    path::{self, InvalidPath},
    rule::{Credentials, PresentedBy, Rule},
    throttle::Throttle,
    verdict::{Admission, Denial},
};
use crate::{
    config::model::{ClientCertificate, PathAccess, PathRule, Site},
    events::factors::Factors,
    tls::ClientAuth,
};

/// The access policy of one site.
pub struct Policy {
    site: Rule,
    overrides: Vec<PathOverride>,
}

struct PathOverride {
    path: String,
    access: OverrideAccess,
}

enum OverrideAccess {
    Inherit,
    Public,
    And(Rule),
}

/// The part of a site for which one path rule, or none, decides.
#[derive(Clone, Copy)]
pub struct PathPolicy<'p> {
    policy: &'p Policy,
    path_rule: Option<usize>,
}

impl Policy {
    /// Builds the policy of a site; `load` loads the htpasswd file at a path.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn build(
        site: &Site,
        mut load: impl FnMut(&Path) -> anyhow::Result<Arc<Passwords>>,
    ) -> anyhow::Result<Self> {
        let overrides = site.paths.iter();
        Ok(Self {
            site: Rule::build(&site.access, &mut load)?,
            overrides: overrides
                .map(|rule| PathOverride::build(rule, &mut load))
                .collect::<anyhow::Result<_>>()?,
        })
    }

    /// Reports whether the handshake requests a client certificate: it does so if a certificate
    /// could change the decision at some place. If the client's address is unknown, it does so if
    /// some rule has a client CA.
    #[must_use]
    pub fn requests_client_cert(&self, client: Client) -> bool {
        self.places().any(|place| place.takes_client_cert(client))
    }

    /// Returns the place that a path leads to. `raw_path` is the path as the client sent it,
    /// without its query.
    ///
    /// # Errors
    /// The path is malformed, or hubs could read it as paths of different rules; both mean 400.
    pub fn at_path(&self, raw_path: &[u8]) -> Result<PathPolicy<'_>, InvalidPath> {
        let path_rule = path::find_rule(raw_path, &self.overrides)?;
        Ok(PathPolicy {
            policy: self,
            path_rule,
        })
    }

    fn places(&self) -> impl Iterator<Item = PathPolicy<'_>> {
        let path_rules = (0..self.overrides.len()).map(Some);
        path_rules.chain([None]).map(|path_rule| PathPolicy {
            policy: self,
            path_rule,
        })
    }
}

impl PathPolicy<'_> {
    /// Returns the index of the path rule that decides, in the site's list.
    #[must_use]
    pub fn path_rule(&self) -> Option<usize> {
        self.path_rule
    }

    /// Reports whether the place is configured as `public`: every client is admitted, and pages of
    /// other sites may send requests.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self.path_access(), Some(OverrideAccess::Public))
    }

    /// Reports whether the rules have no factor, although the place is not `public`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.is_public() && self.rules().all(Rule::is_open)
    }

    /// Reports whether a password is a factor here.
    #[must_use]
    pub fn takes_password(&self) -> bool {
        self.rules().any(Rule::takes_password)
    }

    /// Returns the client CAs of the rules here.
    pub fn certificates(&self) -> impl Iterator<Item = &ClientCertificate> {
        self.rules().filter_map(Rule::certificate)
    }

    /// Reports whether a client certificate could change the decision here, with or without a
    /// correct password.
    #[must_use]
    pub fn takes_client_cert(&self, client: Client) -> bool {
        if client.address().is_none() {
            return self.rules().any(|rule| rule.certificate().is_some());
        }
        let is_admitted = |certificate, password| {
            self.rules().all(|rule| {
                rule.admits(Factors {
                    network: rule.is_in_networks(client),
                    certificate,
                    password,
                })
            })
        };
        [false, true]
            .into_iter()
            .any(|password| is_admitted(false, password) != is_admitted(true, password))
    }

    /// Decides on a request to this place.
    ///
    /// # Errors
    /// The reason for the denial.
    pub async fn decide<J>(
        &self,
        credentials: &Credentials<'_, J>,
        throttle: &Arc<Throttle>,
    ) -> Result<Admission, Denial>
    where
        J: Fn(PresentedBy, &ClientCertificate) -> ClientAuth,
    {
        if let Some(OverrideAccess::Public) = self.path_access() {
            return Ok(self.admit_to_public(credentials, throttle).await);
        }
        let evaluations = self.site_and_path().map(|rule| {
            let rule = rule?;
            Some((rule, rule.evaluate(credentials)))
        });
        for (rule, evaluation) in evaluations.iter().flatten() {
            rule.check_satisfiable(evaluation)?;
        }
        let (basic, client) = (credentials.basic, credentials.client);
        let mut admission = Admission {
            evidence: Evidence::from_known(credentials.known),
            ..Admission::default()
        };
        for (rule, evaluation) in evaluations.into_iter().flatten() {
            let login = rule.log_in(&evaluation, basic, client, throttle).await?;
            // The first rule is the site's.
            let subject = &mut admission.subject;
            subject.get_or_insert_with(|| rule.session_subject(&evaluation, login.account()));
            admission.set_client_headers(rule.client_headers(), evaluation.identity.as_ref());
            admission.add(evaluation, &login);
        }
        Ok(admission)
    }

    /// Reports whether a request that was admitted before would still be admitted by its evidence;
    /// hashes no password.
    #[must_use]
    pub fn still_admits<J>(&self, credentials: &Credentials<'_, J>) -> bool
    where
        J: Fn(PresentedBy, &ClientCertificate) -> ClientAuth,
    {
        self.rules()
            .all(|rule| rule.admits(rule.evaluate(credentials).held))
    }

    /// Admits every client to a public place. The site's password and session are verified all the
    /// same, as browsers send them to public places too.
    async fn admit_to_public<J>(
        &self,
        credentials: &Credentials<'_, J>,
        throttle: &Arc<Throttle>,
    ) -> Admission {
        let site = &self.policy.site;
        let (basic, client) = (credentials.basic, credentials.client);
        let login = site
            .verify_password(true, basic, client, throttle)
            .await
            .without_throttling();
        let mut admission = Admission {
            public: true,
            ..Admission::default()
        };
        admission.set_client_headers(site.client_headers(), None);
        admission.add(site.evaluate_session(credentials.known), &login);
        admission
    }

    /// Returns the rules that must all admit: none at a public place.
    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.site_and_path().into_iter().flatten()
    }

    fn site_and_path(&self) -> [Option<&Rule>; 2] {
        let site = &self.policy.site;
        match self.path_access() {
            Some(OverrideAccess::Public) => [None, None],
            Some(OverrideAccess::And(rule)) => [Some(site), Some(rule)],
            Some(OverrideAccess::Inherit) | None => [Some(site), None],
        }
    }

    fn path_access(&self) -> Option<&OverrideAccess> {
        let path_override = self.policy.overrides.get(self.path_rule?)?;
        Some(&path_override.access)
    }
}

impl PathOverride {
    fn build(
        rule: &PathRule,
        load: impl FnOnce(&Path) -> anyhow::Result<Arc<Passwords>>,
    ) -> anyhow::Result<Self> {
        let access = match &rule.access {
            PathAccess::Inherit => OverrideAccess::Inherit,
            PathAccess::Public => OverrideAccess::Public,
            PathAccess::And(access) => OverrideAccess::And(Rule::build(access, load)?),
        };
        let path = rule.pattern();
        Ok(Self { path, access })
    }
}

impl AsRef<str> for PathOverride {
    fn as_ref(&self) -> &str {
        &self.path
    }
}

#[cfg(test)]
mod tests;

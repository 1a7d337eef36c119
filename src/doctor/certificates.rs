//! The certificates of the sites: their end, and the next step of their renewal.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{Finding, Installation};
use crate::{
    acme::{
        self,
        manager::status::{CertificateReport, CertificateStatus},
    },
    config::model::{Certificate, Site},
    private_file::OwnerRights,
    server::control::ControlClient,
    tls::{Certified, SystemRoots, date},
};

/// Days before the end of an operator's own certificate from which on a warning is due.
const NOTICE_DAYS: i64 = 14;

impl Installation {
    /// Checks the certificate of each site.
    pub(super) fn certificates(&self) -> Vec<Finding> {
        // Without the rights, an unreadable file is a finding of its own.
        let _rights = OwnerRights::assume(&self.config.state).ok();
        let sites = &self.config.sites;
        let found = sites.iter().flat_map(|site| self.site_certificate(site));
        let mut found: Vec<_> = found.collect();
        let is_acme = |site: &Arc<Site>| site.certificate == Certificate::Acme;
        if sites.iter().any(is_acme) {
            found.extend(self.acme_certificates());
        }
        found
    }

    fn site_certificate(&self, site: &Site) -> Vec<Finding> {
        let subject = site.certificate_subject();
        match &site.certificate {
            Certificate::Acme => Vec::new(),
            Certificate::SelfSigned => vec![self.self_signed(site)],
            Certificate::Files { chain, key } => {
                let roots = SystemRoots::none();
                match Certified::load(chain, key, &site.hosts, &roots) {
                    Ok(certified) => {
                        Finding::of_files(&subject, &certified, OffsetDateTime::now_utc())
                    }
                    Err(fault) => vec![Finding::fail(subject, format!("{fault:#}"))],
                }
            }
        }
    }

    fn self_signed(&self, site: &Site) -> Finding {
        let hosts: Vec<_> = site.hosts.iter().map(ToString::to_string).collect();
        let status = self.running.status();
        let served =
            status.and_then(|status| status.sites.iter().find(|served| served.hosts == hosts));
        let until = served.map_or_else(String::new, |served| {
            format!(
                " (this one is valid until {})",
                date(served.certificate_ends)
            )
        });
        let cause = format!("made and renewed by hubgate itself{until}; browsers ask once");
        Finding::ok(site.certificate_subject(), cause)
    }

    /// Checks the certificates of CAs: those of the running process, else those on disk.
    fn acme_certificates(&self) -> Vec<Finding> {
        let states = match self.running.status() {
            Some(_) => ControlClient::new(&self.config.state).certificates(),
            None => acme::states_on_disk(&self.config),
        };
        match states {
            Ok(states) => {
                let copies = states.iter().filter_map(Finding::of_copies);
                states.iter().map(Finding::of_acme).chain(copies).collect()
            }
            Err(fault) => vec![Finding::warn("certificates", format!("{fault:#}"))],
        }
    }
}

impl Finding {
    fn of_files(subject: &str, certified: &Certified, now: OffsetDateTime) -> Vec<Self> {
        let has_ended = certified.not_after < now;
        let warnings = certified.warnings.iter().map(ToString::to_string);
        let mut found: Vec<_> = warnings
            .map(|warning| match has_ended {
                true => Self::fail(subject, warning),
                false => Self::warn(subject, warning),
            })
            .collect();
        let end = date(certified.not_after);
        let days = (certified.not_after - now).whole_days();
        if !has_ended && days < NOTICE_DAYS {
            let cause = format!("it ends on {end}, in {days} days");
            found.push(
                Self::warn(subject, cause)
                    .cure("renew it, or repair the program that should have renewed it"),
            );
        }
        if found.is_empty() {
            let cause = format!("valid until {end}, for another {days} days");
            found.push(Self::ok(subject, cause));
        }
        found
    }

    /// Reports a certificate of a CA and the next step of its renewal.
    fn of_acme(state: &CertificateReport) -> Self {
        let subject = format!("certificate {}", state.name);
        let until = state.ends.map(|ends| format!(" until {}", date(ends)));
        let mut cause = status_text(state.status).to_owned() + &until.unwrap_or_default();
        if let Some(problem) = &state.problem {
            cause += &format!(": {}", problem.sentence);
        }
        let next = match state.next_at {
            Some(at) => format!("next: {} on {}", state.next, date(at)),
            None => format!("next: {}", state.next),
        };
        match (state.status, &state.problem) {
            (CertificateStatus::Valid | CertificateStatus::Due, None) => {
                Self::ok(subject, format!("{cause}; {next}"))
            }
            (CertificateStatus::Ended, _) => Self::fail(subject, cause).cure(next),
            _ => Self::warn(subject, cause).cure(next),
        }
    }

    /// Reports exported copies that are outdated.
    fn of_copies(state: &CertificateReport) -> Option<Self> {
        let problem = state.undelivered.as_ref()?;
        let subject = format!("copies of {}", state.name);
        let cure = "correct the program or the folder of `acme.export`";
        Some(Self::warn(subject, problem.sentence.clone()).cure(cure))
    }
}

impl Site {
    fn certificate_subject(&self) -> String {
        let host = self.hosts.first();
        let name = host.map_or_else(String::new, ToString::to_string);
        format!("certificate {name}")
    }
}

fn status_text(status: CertificateStatus) -> &'static str {
    match status {
        CertificateStatus::Missing => "there is none yet, and browsers warn",
        CertificateStatus::Valid => "valid",
        CertificateStatus::Due => "valid, its renewal is due,",
        CertificateStatus::Overdue => "valid, but its renewal is overdue,",
        CertificateStatus::Ended => "expired, and still served,",
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        acme::{manager::status::ReportedProblem, problem::Class},
        doctor::Level,
    };

    fn state(status: CertificateStatus, problem: Option<&str>) -> CertificateReport {
        let now = OffsetDateTime::UNIX_EPOCH;
        CertificateReport {
            name: "home.example.org".into(),
            hosts: Vec::new(),
            status,
            issuer: None,
            ends: Some(now + Duration::days(70)),
            days_left: Some(70),
            next: "renewal".into(),
            next_at: None,
            undelivered: None,
            problem: problem.map(|sentence| ReportedProblem {
                at: now,
                class: Class::Validation,
                sentence: sentence.into(),
            }),
        }
    }

    #[test]
    fn a_certificate_of_a_ca_is_in_order_while_its_renewal_has_no_problem() {
        for (status, problem, level) in [
            (CertificateStatus::Valid, None, Level::Ok),
            (
                CertificateStatus::Due,
                Some("no validation request"),
                Level::Warn,
            ),
            (CertificateStatus::Missing, None, Level::Warn),
            (CertificateStatus::Overdue, None, Level::Warn),
            (CertificateStatus::Ended, None, Level::Fail),
        ] {
            let found = Finding::of_acme(&state(status, problem));
            assert_eq!(found.level, level, "{found:?}");
            assert!(found.cause.contains(problem.unwrap_or("")), "{found:?}");
        }
    }
}

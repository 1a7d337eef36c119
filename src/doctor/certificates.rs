//! The certificates of the sites: until when they are good, and what happens next.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{Finding, process::Running};
use crate::{
    acme::{
        self,
        state::{Standing, State},
    },
    config::model::{Certificate, Config, Site},
    secret_file::OwnerRights,
    server::control,
    tls::{Certified, SystemRoots, day},
};

/// How many days before its end somebody should renew a certificate of their own.
const NOTICE: i64 = 14;

/// How the certificate of each site stands.
pub(super) fn findings(config: &Config, running: &Running) -> Vec<Finding> {
    // Without the rights, what cannot be read is a finding of its own.
    let _rights = OwnerRights::assume(&config.state).ok();
    let sites = config.sites.iter();
    let mut found: Vec<_> = sites.flat_map(|site| of_site(site, running)).collect();
    if config
        .sites
        .iter()
        .any(|site| site.certificate == Certificate::Acme)
    {
        found.extend(by_acme(config, running));
    }
    found
}

fn of_site(site: &Arc<Site>, running: &Running) -> Vec<Finding> {
    match &site.certificate {
        Certificate::Acme => Vec::new(),
        Certificate::SelfSigned => vec![self_signed(site, running)],
        Certificate::Files { chain, key } => {
            let roots = SystemRoots::from_certificates(&[]);
            let loaded = Certified::load(chain, key, &site.hosts, &roots);
            match loaded {
                Ok(certified) => of_files(&subject(site), &certified, OffsetDateTime::now_utc()),
                Err(fault) => vec![Finding::fail(subject(site), format!("{fault:#}"))],
            }
        }
    }
}

fn subject(site: &Site) -> String {
    let name = site
        .hosts
        .first()
        .map_or_else(String::new, ToString::to_string);
    format!("certificate {name}")
}

fn self_signed(site: &Site, running: &Running) -> Finding {
    let hosts: Vec<_> = site.hosts.iter().map(ToString::to_string).collect();
    let served = running.status().map(|status| &status.sites);
    let served = served.and_then(|sites| sites.iter().find(|it| it.hosts == hosts));
    let until = served.map_or_else(String::new, |it| {
        format!(" (this one until {})", day(it.certificate_ends))
    });
    let told = format!("made and renewed by hubgate itself{until}; browsers ask once");
    Finding::ok(subject(site), told)
}

fn of_files(subject: &str, certified: &Certified, now: OffsetDateTime) -> Vec<Finding> {
    let ended = certified.not_after < now;
    let warned = certified.warnings.iter().map(|warning| match ended {
        true => Finding::fail(subject, warning.to_string()),
        false => Finding::warn(subject, warning.to_string()),
    });
    let mut found: Vec<_> = warned.collect();
    let (ends, left) = (
        day(certified.not_after),
        (certified.not_after - now).whole_days(),
    );
    if !ended && left < NOTICE {
        let told = format!("it ends on {ends}, in {left} days");
        found.push(Finding::warn(subject, told).cure("see why what renews it has not done so"));
    }
    if found.is_empty() {
        found.push(Finding::ok(
            subject,
            format!("until {ends}, for another {left} days"),
        ));
    }
    found
}

/// Those got from CAs: from the process that keeps them, else from what is on disk.
fn by_acme(config: &Config, running: &Running) -> Vec<Finding> {
    let states = match running.status() {
        Some(_) => control::certificates(&config.state),
        None => acme::states_on_disk(config),
    };
    match states {
        Ok(states) => {
            let copies = states.iter().filter_map(undelivered);
            states.iter().map(of_state).chain(copies).collect()
        }
        Err(fault) => vec![Finding::warn("certificates", format!("{fault:#}"))],
    }
}

fn of_state(state: &State) -> Finding {
    let subject = format!("certificate {}", state.name);
    let until = state.ends.map(|ends| format!(" until {}", day(ends)));
    let told = format!("{}{}", standing(state.standing), until.unwrap_or_default());
    let told = match &state.problem {
        Some(problem) => format!("{told}: {}", problem.sentence),
        None => told,
    };
    let next = match state.next_at {
        Some(at) => format!("next: {} on {}", state.next, day(at)),
        None => format!("next: {}", state.next),
    };
    match (state.standing, &state.problem) {
        (Standing::Valid | Standing::Due, None) => Finding::ok(subject, format!("{told}; {next}")),
        (Standing::Ended, _) => Finding::fail(subject, told).cure(next),
        _ => Finding::warn(subject, told).cure(next),
    }
}

fn undelivered(state: &State) -> Option<Finding> {
    let told = state.undelivered.as_ref()?;
    let subject = format!("copies of {}", state.name);
    let cure = "correct the program or the folder of `acme.export`";
    Some(Finding::warn(subject, told.sentence.clone()).cure(cure))
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Missing => "there is none yet, and browsers warn",
        Standing::Valid => "good",
        Standing::Due => "good, its renewal is due,",
        Standing::Overdue => "good, but its renewal is late,",
        Standing::Ended => "ended, and served all the same,",
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        acme::{problem::Class, state::Told},
        doctor::Level,
    };

    fn state(standing: Standing, problem: Option<&str>) -> State {
        let now = OffsetDateTime::UNIX_EPOCH;
        State {
            name: "home.example.org".into(),
            hosts: Vec::new(),
            standing,
            issuer: None,
            ends: Some(now + Duration::days(70)),
            days_left: Some(70),
            next: "renewal".into(),
            next_at: None,
            undelivered: None,
            problem: problem.map(|sentence| Told {
                at: now,
                class: Class::Validation,
                sentence: sentence.into(),
            }),
        }
    }

    #[test]
    fn a_certificate_of_a_ca_is_good_while_nothing_is_wrong_with_its_renewal() {
        for (standing, problem, level) in [
            (Standing::Valid, None, Level::Ok),
            (Standing::Due, Some("nobody came"), Level::Warn),
            (Standing::Missing, None, Level::Warn),
            (Standing::Overdue, None, Level::Warn),
            (Standing::Ended, None, Level::Fail),
        ] {
            let found = of_state(&state(standing, problem));
            assert_eq!(found.level, level, "{found:?}");
            assert!(found.cause.contains(problem.unwrap_or("")), "{found:?}");
        }
    }
}

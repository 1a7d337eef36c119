//! The certificates of the own client CA's devices.

use super::{Finding, Installation};
use crate::{
    devices::{
        ClientCaStore,
        registry::status::{DeviceReport, DeviceStatus},
    },
    server::control::ControlClient,
    tls::date,
};

const SUBJECT: &str = "devices";

/// All devices of the own client CA.
struct Devices<'s>(&'s [DeviceReport]);

impl Installation {
    /// Reports devices with a certificate that has expired or expires soon.
    pub(super) fn devices(&self) -> Vec<Finding> {
        if !self.config.uses_own_ca() {
            return Vec::new();
        }
        match self.device_states() {
            Ok(states) => Devices(&states).findings(),
            Err(fault) => vec![
                Finding::warn(SUBJECT, format!("{fault:#}"))
                    .cure("where permission is denied, run it with sudo"),
            ],
        }
    }

    fn device_states(&self) -> anyhow::Result<Vec<DeviceReport>> {
        if self.running.status().is_some() {
            return ControlClient::new(&self.config.state).devices();
        }
        let folder = ClientCaStore::new(&self.config.state);
        folder.states(&self.config, &folder.last_seen())
    }
}

impl Devices<'_> {
    fn findings(&self) -> Vec<Finding> {
        let states = self.0.iter();
        let found: Vec<_> = states
            .clone()
            .filter_map(|state| self.finding(state))
            .collect();
        if !found.is_empty() {
            return found;
        }
        let valid = states.filter(|state| state.status == DeviceStatus::Good);
        let cause = match valid.count() {
            1 => "1 valid certificate, none ends soon".to_owned(),
            count => format!("{count} valid certificates, none ends soon"),
        };
        vec![Finding::ok(SUBJECT, cause)]
    }

    /// Reports a device that has no newer certificate.
    fn finding(&self, state: &DeviceReport) -> Option<Finding> {
        let is_newer = |other: &DeviceReport| {
            other.name == state.name
                && other.expires > state.expires
                && other.status != DeviceStatus::Revoked
        };
        if self.0.iter().any(is_newer) {
            return None;
        }
        let (name, end) = (&state.name, date(state.expires));
        let cause = match state.status {
            DeviceStatus::EndsSoon => format!("the certificate of {name:?} ends on {end}"),
            DeviceStatus::Ended => format!("the certificate of {name:?} ended on {end}"),
            DeviceStatus::Good | DeviceStatus::Revoked => return None,
        };
        let cure = format!("renew it: hubgate client renew {name:?}");
        Some(Finding::warn(SUBJECT, cause).cure(cure))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::*;

    fn device(status: DeviceStatus, days: i64) -> DeviceReport {
        let now = OffsetDateTime::UNIX_EPOCH;
        DeviceReport {
            name: "Anna's phone".into(),
            serial: "01".into(),
            status,
            issued: now,
            expires: now + Duration::days(days),
            revoked: None,
            last_seen: None,
            last_seen_from: None,
        }
    }

    #[test]
    fn a_device_with_an_ending_certificate_is_reported_unless_it_has_a_newer_one() {
        let old = device(DeviceStatus::EndsSoon, 10);
        let found = Devices(std::slice::from_ref(&old)).findings();
        assert!(
            found[0].cause.contains("ends on 11 January 1970"),
            "{found:?}"
        );
        let found = Devices(&[old, device(DeviceStatus::Good, 800)]).findings();
        assert_eq!(found[0].cause, "1 valid certificate, none ends soon");
    }
}

//! The directives that decide about access: `allow`, `deny`, `auth_basic`, `satisfy` and client
//! certificates.

use super::rule::{AccessPhase, Certificate};
use crate::nginx::{
    model::{
        inheritance::Inheritance,
        network::{AccessList, Networks},
        variables::Variables,
    },
    read::directive::Directive,
    report::Report,
};

/// The value of `ssl_verify_client` at a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VerifyClient {
    Off,
    On(Certificate),
    /// Required where an `if` refuses clients without a certificate.
    Optional(Certificate),
}

/// The access directives that apply to one server or location.
#[derive(Clone, Copy)]
pub(crate) struct AccessDirectives<'p, 'd> {
    pub(crate) levels: &'p Inheritance<'d>,
    pub(crate) variables: &'p Variables<'d>,
}

/// A password file, and the networks from which no password is required.
struct Password {
    file: String,
    without: Networks,
}

/// The realm of hubgate's own password prompt, openHABian's.
const REALM: &str = "Username and Password Required";
/// The largest number of networks that a list of `deny` may become.
const MAX_COMPLEMENT: usize = 40;

impl<'d> AccessDirectives<'_, 'd> {
    /// Returns the requirements of NGINX's access phase; `dual` where a socket accepts both IP
    /// versions.
    pub(crate) fn access_phase(&self, dual: bool, report: &mut Report) -> AccessPhase {
        if dual {
            self.check_families(report);
        }
        let list = self.access_list(report);
        let password = self.password(report);
        let any = self.satisfies_any(report);
        match password {
            Some(Password { file, without }) if list.is_none() && !without.is_empty() => {
                match without.is_all() {
                    true => AccessPhase::Open,
                    false => AccessPhase::Either(without, file),
                }
            }
            password => AccessPhase::combine(list, password.map(|password| password.file), any),
        }
    }

    /// Stops at a list without IPv4: NGINX sees IPv4 clients of an IPv6 socket as IPv6.
    fn check_families(&self, report: &mut Report) {
        let list = self.allow_deny();
        let has_ipv4 = |directive: &&Directive| {
            directive.parameter() == "all" || directive.parameter().contains('.')
        };
        let has_ipv6 = |directive: &&&Directive| {
            let word = directive.parameter();
            word.contains("::") || word.matches(':').count() > 1
        };
        let first = list.iter().find(has_ipv6);
        if let Some(first) = first.filter(|_| !list.iter().any(has_ipv4)) {
            report.stop(first, "NGINX applies this list to IPv4 clients too, as its socket accepts both IP versions, and hubgate does not: \
                add a rule for IPv4, such as `deny all`");
        }
    }

    fn allow_deny(&self) -> Vec<&'d Directive> {
        self.levels.inherited_all(&["allow", "deny"])
    }

    fn access_list(&self, report: &mut Report) -> Option<AccessList> {
        let directives = self.allow_deny();
        let first = directives.first()?;
        let list = match AccessList::evaluate(&directives) {
            Ok(list) => list,
            Err((directive, message)) => {
                report.stop(directive, message);
                return None;
            }
        };
        for directive in &directives {
            match directive.parameter() {
                "unix:" => report.dropped(directive, "hubgate does not listen on Unix sockets"),
                _ => report.kept(directive, "the networks of `access`"),
            }
        }
        let needed = list.undenied.len();
        if needed > directives.len().max(MAX_COMPLEMENT) && !list.undenied.is_all() {
            report.stop(first, format!(
                "this list admits all addresses but some, which takes {needed} networks to write: list the admitted networks, \
                 and end the list with `deny all`"
            ));
        }
        Some(list)
    }

    fn password(&self, report: &mut Report) -> Option<Password> {
        let directive = self.levels.inherited("auth_basic")?;
        let realm = self.variables.resolve(directive.parameter());
        if realm == "off" {
            report.kept(directive, "no password here");
            return None;
        }
        let Some(file) = self.levels.inherited_file("auth_basic_user_file") else {
            report.stop(
                directive,
                "no auth_basic_user_file, so NGINX admits every client: add one, or remove this",
            );
            return None;
        };
        let without = self.variables.addresses(&realm, &|text| text == "off");
        let by_certificate = self.is_off_by_certificate(&realm);
        let is_known = (without.is_some() || by_certificate) && self.allow_deny().is_empty();
        if realm.contains('$') && !is_known || file.has_variable() {
            report.stop(
                directive,
                "a variable decides whether a password is required: write it without the variable",
            );
        }
        report.kept(file, "the password of `access`");
        match realm.as_str() {
            REALM => report.kept(directive, "hubgate's password prompt has the same text"),
            _ if without.is_some() => report.changed(
                directive,
                "`satisfy: any`: clients in these networks need no password",
            ),
            _ if by_certificate => report.changed(
                directive,
                "`satisfy: any`: clients with a client certificate need no password",
            ),
            _ => report.changed(
                directive,
                format!("the password prompt reads \"{REALM}\", so browsers ask once more for a saved password"),
            ),
        }
        Some(Password {
            file: file.parameter().to_owned(),
            without: without.unwrap_or_default(),
        })
    }

    /// Reports whether `auth_basic` is off exactly for clients with a valid certificate.
    fn is_off_by_certificate(&self, realm: &str) -> bool {
        let values = self.variables.by_certificate(realm);
        values.is_some_and(|(with, without)| with == "off" && without != "off")
    }

    /// Reports whether a client certificate suffices here instead of the password.
    pub(crate) fn certificate_suffices(&self) -> bool {
        let directive = self.levels.inherited("auth_basic");
        directive.is_some_and(|directive| {
            self.is_off_by_certificate(&self.variables.resolve(directive.parameter()))
        })
    }

    /// Stops where a certificate would suffice instead of the password, but is always or never
    /// required.
    pub(crate) fn check_certificate_suffices(&self, is_required: bool, report: &mut Report) {
        let directive = self.levels.inherited("auth_basic");
        let Some(directive) = directive.filter(|_| self.certificate_suffices()) else {
            return;
        };
        report.stop(directive, match is_required {
            true => "a certificate is required here anyway, and with it no password: remove `auth_basic`",
            false => "no certificate is requested here, so that the password is always required: write the realm without a variable",
        });
    }

    fn satisfies_any(&self, report: &mut Report) -> bool {
        let Some(satisfy) = self.levels.inherited("satisfy") else {
            return false;
        };
        report.kept(satisfy, "`satisfy` of `access`");
        satisfy.parameter_is("any")
    }

    /// Returns the policy for client certificates of a server that is reached over TLS.
    pub(crate) fn verify_client(&self, report: &mut Report) -> VerifyClient {
        let levels = self.levels;
        let Some(verify) = levels.inherited("ssl_verify_client") else {
            return VerifyClient::Off;
        };
        if verify.parameter_is("off") {
            report.kept(verify, "no client certificate here");
            return VerifyClient::Off;
        }
        let ocsp = levels.inherited("ssl_ocsp");
        if let Some(ocsp) = ocsp.filter(|ocsp| !ocsp.parameter_is("off")) {
            report.stop(ocsp, "OCSP finds revoked certificates here, which hubgate does not support: name a revocation list with `ssl_crl`");
        }
        let Some(ca) = levels.inherited_file("ssl_client_certificate") else {
            report.stop(
                verify,
                "no ssl_client_certificate: name the CA that signed the devices' certificates",
            );
            return VerifyClient::Off;
        };
        report.kept(ca, "the CA of `client_certificate`");
        let certificate = Certificate {
            ca: ca.parameter().to_owned(),
            crl: self.revocation_list(report),
            depth: self.verify_depth(report),
        };
        match verify.parameter().to_ascii_lowercase().as_str() {
            "on" => {
                report.kept(
                    verify,
                    "`client_certificate`; hubgate responds with 496 to a missing certificate and with 495 to an invalid one",
                );
                VerifyClient::On(certificate)
            }
            "optional" => VerifyClient::Optional(certificate),
            _ => {
                let word = verify.parameter();
                report.stop(verify, format!("`{word}` leaves it to the hub to verify certificates: write `on` with ssl_client_certificate, or `off`"));
                VerifyClient::Off
            }
        }
    }

    /// Returns the largest number of intermediate CAs: 1 by default, as in NGINX, which refuses a
    /// configuration without a number.
    fn verify_depth(&self, report: &mut Report) -> u32 {
        let Some(depth) = self.levels.inherited("ssl_verify_depth") else {
            return 1;
        };
        report.kept(depth, "`verify_depth` of `client_certificate`");
        depth.parameter().parse().unwrap_or(0)
    }

    fn revocation_list(&self, report: &mut Report) -> Option<String> {
        let list = self.levels.inherited_file("ssl_crl")?;
        report.kept(list, "the revocation list of `client_certificate`");
        Some(list.parameter().to_owned())
    }
}

impl AccessPhase {
    /// Combines the list of `allow` and `deny` with the password file, by `satisfy`.
    fn combine(list: Option<AccessList>, password: Option<String>, any: bool) -> Self {
        match (list, password, any) {
            (None, None, _) => Self::Open,
            (None, Some(password), _) => Self::Password(password),
            (Some(list), None, _) if list.undenied.is_all() => Self::Open,
            (Some(list), None, _) if list.undenied.is_empty() => Self::Denied,
            (Some(list), None, _) => Self::Networks(list.undenied),
            // A client that is neither allowed nor denied still needs the password.
            (Some(list), Some(_), true) if list.allowed.is_all() => Self::Open,
            (Some(list), Some(password), true) if list.allowed.is_empty() => {
                Self::Password(password)
            }
            (Some(list), Some(password), true) => Self::Either(list.allowed, password),
            (Some(list), Some(password), false) if list.undenied.is_all() => {
                Self::Password(password)
            }
            (Some(list), Some(_), false) if list.undenied.is_empty() => Self::Denied,
            (Some(list), Some(password), false) => Self::Both(list.undenied, password),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn combine(undenied: &Networks, password: Option<&str>, any: bool) -> AccessPhase {
        let list = AccessList {
            allowed: Networks::default(),
            undenied: undenied.clone(),
        };
        AccessPhase::combine(Some(list), password.map(str::to_owned), any)
    }

    #[test]
    fn a_client_that_is_neither_allowed_nor_denied_needs_the_password_if_there_is_one() {
        let all = Networks::all();
        let password = AccessPhase::Password("p".into());
        assert_eq!(combine(&all, None, true), AccessPhase::Open);
        assert_eq!(combine(&all, Some("p"), true), password);
        assert_eq!(combine(&all, Some("p"), false), password);
    }

    #[test]
    fn deny_all_refuses_every_client_unless_a_password_suffices() {
        let none = Networks::default();
        let password = AccessPhase::Password("p".into());
        assert_eq!(combine(&none, None, true), AccessPhase::Denied);
        assert_eq!(combine(&none, Some("p"), false), AccessPhase::Denied);
        assert_eq!(combine(&none, Some("p"), true), password);
    }
}

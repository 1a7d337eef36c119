//! Who may enter a place: `allow`, `deny`, `auth_basic`, `satisfy`, client certificates.

use super::{
    directive::Directive,
    levels::Levels,
    network::{self, Networks, Reach},
    report::Report,
    rule::{Certificate, Entry},
    variables::Variables,
};

/// How a server takes client certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verify {
    Never,
    Always(Certificate),
    /// Where an `if` wants one.
    Sometimes(Certificate),
}

/// What NGINX's access phase wants at a place; `dual` where a socket takes both families.
pub(super) fn entry(
    levels: &Levels<'_>,
    variables: &Variables<'_>,
    dual: bool,
    report: &mut Report,
) -> Entry {
    if dual {
        mapped(levels, report);
    }
    let reach = reach(levels, report);
    let password = password(levels, variables, report);
    let any = satisfies_any(levels, report);
    match password {
        Some(Password { file, without }) if reach.is_none() && !without.is_empty() => {
            either(without, file)
        }
        password => combine(reach, password.map(|it| it.file), any),
    }
}

/// A password file, and where it is not asked for.
struct Password {
    file: String,
    without: Networks,
}

/// The password, but not from these networks.
fn either(without: Networks, file: String) -> Entry {
    match without.is_all() {
        true => Entry::Open,
        false => Entry::Either(without, file),
    }
}

fn combine(reach: Option<Reach>, password: Option<String>, any: bool) -> Entry {
    match (reach, password, any) {
        (None, None, _) => Entry::Open,
        (None, Some(password), _) => Entry::Password(password),
        (Some(reach), None, _) if reach.undenied.is_all() => Entry::Open,
        (Some(reach), None, _) if reach.undenied.is_empty() => Entry::Nobody,
        (Some(reach), None, _) => Entry::Networks(reach.undenied),
        // Who is neither allowed nor denied still needs the password.
        (Some(reach), Some(_), true) if reach.allowed.is_all() => Entry::Open,
        (Some(reach), Some(password), true) if reach.allowed.is_empty() => {
            Entry::Password(password)
        }
        (Some(reach), Some(password), true) => Entry::Either(reach.allowed, password),
        (Some(reach), Some(password), false) if reach.undenied.is_all() => {
            Entry::Password(password)
        }
        (Some(reach), Some(_), false) if reach.undenied.is_empty() => Entry::Nobody,
        (Some(reach), Some(password), false) => Entry::Both(reach.undenied, password),
    }
}

/// Stops at a list without IPv4: NGINX then takes IPv4 clients of an IPv6 socket for IPv6.
fn mapped(levels: &Levels<'_>, report: &mut Report) {
    let list = levels.nearest(&["allow", "deny"]);
    let has4 = |it: &&Directive| it.word() == "all" || it.word().contains('.');
    let has6 = |it: &&&Directive| it.word().contains("::") || it.word().matches(':').count() > 1;
    if let Some(first) = list.iter().find(has6).filter(|_| !list.iter().any(has4)) {
        report.stop(first, "NGINX judges IPv4 clients by this list too, as its socket takes both families, and hubgate does not: \
            write for IPv4 too who may enter, as with `deny all`");
    }
}

fn reach(levels: &Levels<'_>, report: &mut Report) -> Option<Reach> {
    let list = levels.nearest(&["allow", "deny"]);
    if list.is_empty() {
        return None;
    }
    match network::reach(&list) {
        Ok(reach) => {
            list.iter().for_each(|it| tell_network(it, report));
            let readable = list.len().max(READABLE);
            if reach.undenied.len() > readable && !reach.undenied.is_all() {
                let needed = reach.undenied.len();
                report.stop(list[0], format!(
                    "this list lets in all but some, which takes {needed} networks to say: name those that may enter, \
                     and end the list with `deny all`"
                ));
            }
            Some(reach)
        }
        Err((directive, told)) => {
            report.stop(directive, told);
            None
        }
    }
}

/// Networks at most that a list of refusals may become.
const READABLE: usize = 40;

fn tell_network(directive: &Directive, report: &mut Report) {
    match directive.word() {
        "unix:" => report.dropped(
            directive,
            "hubgate does not listen on a socket of this machine",
        ),
        _ => report.kept(directive, "the networks of `access`"),
    }
}

fn password(
    levels: &Levels<'_>,
    variables: &Variables<'_>,
    report: &mut Report,
) -> Option<Password> {
    let realm = levels.one("auth_basic")?;
    let asked = variables.resolve(realm.word());
    if asked == "off" {
        report.kept(realm, "no password here");
        return None;
    }
    let Some(file) = levels.file("auth_basic_user_file") else {
        report.stop(
            realm,
            "no auth_basic_user_file, so NGINX lets everybody in: add one, or remove this",
        );
        return None;
    };
    let without = variables.addresses(&asked, &|text| text == "off");
    let by_certificate = is_by_certificate(variables, &asked);
    let lists = levels.nearest(&["allow", "deny"]);
    let is_known = (without.is_some() || by_certificate) && lists.is_empty();
    if asked.contains('$') && !is_known || file.has_variable() {
        report.stop(
            realm,
            "whether a password is needed depends on a variable: write it without",
        );
    }
    report.kept(file, "the password of `access`");
    match asked.as_str() {
        REALM => report.kept(realm, "the same words are asked"),
        _ if without.is_some() => report.changed(
            realm,
            "`satisfy: any`: from these networks no password is needed",
        ),
        _ if by_certificate => report.changed(
            realm,
            "`satisfy: any`: with a client certificate no password is needed",
        ),
        _ => report.changed(
            realm,
            format!(
                "browsers ask with the words \"{REALM}\", so a saved password is typed once more"
            ),
        ),
    }
    Some(Password {
        file: file.word().to_owned(),
        without: without.unwrap_or_default(),
    })
}

/// Whether `auth_basic` is off exactly for clients with a valid certificate.
fn is_by_certificate(variables: &Variables<'_>, realm: &str) -> bool {
    let texts = variables.by_certificate(realm);
    texts.is_some_and(|(with, without)| with == "off" && without != "off")
}

/// Whether a client certificate is enough instead of the password here.
pub(super) fn certificate_suffices(levels: &Levels<'_>, variables: &Variables<'_>) -> bool {
    let realm = levels.one("auth_basic");
    realm.is_some_and(|it| is_by_certificate(variables, &variables.resolve(it.word())))
}

const REALM: &str = "Username and Password Required";

fn satisfies_any(levels: &Levels<'_>, report: &mut Report) -> bool {
    let Some(satisfy) = levels.one("satisfy") else {
        return false;
    };
    report.kept(satisfy, "`satisfy` of `access`");
    satisfy.is("any")
}

/// How a server that speaks TLS takes client certificates.
pub(super) fn verify(levels: &Levels<'_>, report: &mut Report) -> Verify {
    let Some(verify) = levels.one("ssl_verify_client") else {
        return Verify::Never;
    };
    let word = verify.word();
    if verify.is("off") {
        report.kept(verify, "no client certificate here");
        return Verify::Never;
    }
    if let Some(ocsp) = levels.one("ssl_ocsp").filter(|it| !it.is("off")) {
        report.stop(ocsp, "revoked certificates are found by OCSP, which hubgate does not ask: name a revocation list with `ssl_crl`");
    }
    let Some(ca) = levels.file("ssl_client_certificate") else {
        report.stop(
            verify,
            "no ssl_client_certificate: name the CA that signed the devices' certificates",
        );
        return Verify::Never;
    };
    report.kept(ca, "the CA of `client_certificate`");
    let certificate = Certificate {
        ca: ca.word().to_owned(),
        crl: revocations(levels, report),
        depth: depth(levels, report),
    };
    match word.to_ascii_lowercase().as_str() {
        "on" => {
            report.kept(
                verify,
                "`client_certificate`; one that is missing or wrong is answered with 496 or 495",
            );
            Verify::Always(certificate)
        }
        "optional" => Verify::Sometimes(certificate),
        _ => {
            report.stop(verify, format!("`{word}` leaves it to the hub to judge certificates: write `on` with ssl_client_certificate, or `off`"));
            Verify::Never
        }
    }
}

/// Intermediate CAs at most, 1 by default as in NGINX, which takes no file without a number.
fn depth(levels: &Levels<'_>, report: &mut Report) -> u32 {
    let Some(depth) = levels.one("ssl_verify_depth") else {
        return 1;
    };
    report.kept(depth, "`verify_depth` of `client_certificate`");
    depth.word().parse().unwrap_or(0)
}

fn revocations(levels: &Levels<'_>, report: &mut Report) -> Option<String> {
    let list = levels.file("ssl_crl")?;
    report.kept(list, "the revocation list of `client_certificate`");
    Some(list.word().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_neither_allowed_nor_denied_needs_the_password_if_there_is_one() {
        let reach = || Reach {
            allowed: Networks::default(),
            undenied: Networks::all(),
        };
        assert_eq!(combine(Some(reach()), None, true), Entry::Open);
        let password = || Some("p".to_owned());
        assert_eq!(
            combine(Some(reach()), password(), true),
            Entry::Password("p".into())
        );
        assert_eq!(
            combine(Some(reach()), password(), false),
            Entry::Password("p".into())
        );
    }

    #[test]
    fn nobody_enters_where_all_are_denied_unless_a_password_is_enough() {
        let reach = || Reach {
            allowed: Networks::default(),
            undenied: Networks::default(),
        };
        let password = || Some("p".to_owned());
        assert_eq!(combine(Some(reach()), None, true), Entry::Nobody);
        assert_eq!(combine(Some(reach()), password(), false), Entry::Nobody);
        assert_eq!(
            combine(Some(reach()), password(), true),
            Entry::Password("p".into())
        );
    }
}

//! One server of NGINX as a site of hubgate.

use super::{
    certificate::{self, Certificate},
    directive::{At, Directive},
    files::Files,
    header::{self, Headers},
    judge,
    outcome::Outcome,
    plan::{self, Access, Judged, Matcher, Plan, Target},
    proof,
    report::Report,
    request_headers::RequestHeaders,
    rule::{self, Rule},
    server::Server,
    upstream::{self, Passed},
    user_header,
};

/// A site as it will be written.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) at: At,
    pub(super) hosts: Vec<String>,
    pub(super) certificate: Certificate,
    pub(super) plan: Plan,
    pub(super) headers: Headers,
    /// Whether the hub was told which certificate came.
    pub(super) tells_certificate: bool,
    /// The field that has the user's name.
    pub(super) user_header: Option<String>,
}

/// The site of a server; none, which is told, when it cannot be one.
pub(super) fn build(
    files: &dyn Files,
    server: &Server<'_>,
    hosts: Vec<String>,
    report: &mut Report,
) -> Option<Site> {
    let places = judge::places(server, &hosts, report);
    let plan = plan(server, &places, report)?;
    prove(&places, &plan, report);
    let tells_certificate = tells_certificate(server, &plan, report);
    let user_header = user_header::of(server, &places, report);
    request_headers(server, &places, &plan, &hosts, report);
    places
        .iter()
        .zip(&server.locations)
        .enumerate()
        .for_each(|(nth, (place, _))| {
            tell(place, server.passed[nth].as_ref(), &plan, report);
        });
    let root = server
        .locations
        .iter()
        .position(|it| it.matcher == Matcher::Prefix("/".into()));
    let (levels, variables) = match root {
        Some(nth) => (&server.locations[nth].levels, &server.inner_variables[nth]),
        None => (&server.levels, &server.variables),
    };
    let open = rule::same(&[&plan.rule], &[&Rule::OPEN]);
    let headers = header::of(levels, variables, open, report);
    let hubs = server.locations.iter().zip(&places);
    let hubs = hubs.filter(|(_, place)| place.hub().is_some());
    hubs.for_each(|(location, _)| header::elsewhere(&location.levels, report));
    report.kept(
        server.directive,
        format!("the site {}", hosts.first().map_or("", String::as_str)),
    );
    server
        .levels
        .own("server_name")
        .into_iter()
        .for_each(|it| report.kept(it, "`hosts`"));
    Some(Site {
        at: server.directive.at.clone(),
        certificate: match server.has_tls() {
            true => certificate::of(files, levels, &hosts, report),
            false => Certificate::SelfSigned,
        },
        headers,
        tells_certificate,
        user_header,
        hosts,
        plan,
    })
}

/// Reports the fields that each hub has from NGINX.
fn request_headers(
    server: &Server<'_>,
    places: &[Judged<'_>],
    plan: &Plan,
    hosts: &[String],
    report: &mut Report,
) {
    let host = hosts.first().map_or("", String::as_str);
    for (nth, place) in places.iter().take(server.locations.len()).enumerate() {
        let Some(hub) = place.hub() else {
            continue;
        };
        let is_written = at(&place.matcher).is_some_and(|path| plan.hub(&path).edits == hub.edits);
        let proxied = proxied(server, nth);
        RequestHeaders::of_location(server, nth, &proxied).report(is_written, host, report);
    }
}

/// A path that the location takes and no exact one beside it does.
fn at(matcher: &Matcher) -> Option<String> {
    match matcher {
        Matcher::Prefix(path) if !path.ends_with('/') => Some(format!("{path}{}", plan::OTHER)),
        other => other.path().map(str::to_owned),
    }
}

/// `$proxy_host` of a location.
fn proxied(server: &Server<'_>, nth: usize) -> String {
    let pass = server.locations[nth].levels.own_one("proxy_pass");
    pass.map_or_else(String::new, |pass| {
        upstream::proxied(pass, &server.inner_variables[nth])
    })
}

fn plan(server: &Server<'_>, places: &[Judged<'_>], report: &mut Report) -> Option<Plan> {
    match plan::propose(places) {
        Some(Ok(plan)) => Some(plan),
        Some(Err(unsayable)) => {
            for nth in unsayable {
                report.stop(places[nth].directive, "this place is looser than `location /`, but not open, or wants a certificate and one of \
                    two other things: a path of hubgate's only tightens the site's rule or is public. Give both the same rule, \
                    or this one a host of its own");
            }
            None
        }
        None => {
            report.whole(
                Outcome::Dropped,
                server.directive,
                "no hub here at a path that hubgate can name, so nothing of it is imported",
            );
            None
        }
    }
}

fn prove(places: &[Judged<'_>], plan: &Plan, report: &mut Report) {
    for difference in proof::differences(places, plan) {
        let place = &places[difference.location];
        let path = &difference.path;
        if difference.weaker {
            report.stop(place.directive, weaker(place, path));
        } else {
            let why = format!(
                "hubgate keeps people out at {path} whom NGINX would let in: its paths take what begins with them and a slash"
            );
            report.note(
                Outcome::Changed,
                &place.directive.at,
                &place.directive.to_string(),
                why,
            );
        }
    }
}

/// Why a place is not guarded by the plan, with the cure.
fn weaker(place: &Judged<'_>, path: &str) -> String {
    let is_assets = place
        .directive
        .at
        .file
        .ends_with("conf.d/include/assets.conf");
    let cure = match &place.matcher {
        Matcher::Regex(_) if is_assets => {
            "hubgate knows no expressions: switch off \"Cache Assets\" of this host".to_owned()
        }
        Matcher::Regex(_) => "hubgate knows no expressions: name the paths that it guards, with `location /x/`, or remove it if it \
            guards only files that NGINX serves itself".to_owned(),
        _ => "hubgate has no path that says the same: give it a host of its own, or the rule of `location /`".to_owned(),
    };
    format!("guards {path}, which hubgate would leave to a wider rule: {cure}")
}

/// What became of a location.
fn tell(place: &Judged<'_>, passed: Option<&Passed>, plan: &Plan, report: &mut Report) {
    let directive = place.directive;
    let mut dropped = |why: String| report.whole(Outcome::Dropped, directive, why);
    match (&place.matcher, &place.target, passed) {
        (Matcher::Named(_), _, _) => dropped("hubgate leads no request from one place to another: those that NGINX leads here are refused".into()),
        (_, Target::Other, Some(Passed::Unsayable(why))) => dropped(format!("{why}; until then nobody enters here")),
        (_, Target::Other, Some(Passed::Forward)) => dropped("a forward proxy: hubgate is none, and nobody enters here".into()),
        (Matcher::Regex(_), _, _) => dropped("hubgate knows no expressions: the rule of the place it falls in holds".into()),
        (_, Target::Closed, _) => report.whole(Outcome::Kept, directive, "nobody enters"),
        (_, Target::Hub(_), _) => hub(directive, place, plan, report),
        (_, Target::Other, _) if is_challenge(&place.matcher) => {
            report.whole(Outcome::Kept, directive, "built in: hubgate answers the CA itself, and nobody else enters");
        }
        (_, Target::Other, _) if place.adds_slash => report.whole(
            Outcome::Changed,
            directive,
            "the hub of the path with the slash is asked here, and nobody enters at others that begin so",
        ),
        (_, Target::Other, _) if place.is_root() => {
            report.whole(
                Outcome::Changed,
                directive,
                "no hub here: nobody enters but at the paths below",
            );
        }
        (_, Target::Other, _) => report.whole(
            Outcome::Changed,
            directive,
            "hubgate serves no files and has no answers of its own: nobody enters here",
        ),
    }
}

fn hub(directive: &Directive, place: &Judged<'_>, plan: &Plan, report: &mut Report) {
    let own: Vec<_> = directive
        .inner()
        .iter()
        .filter(|it| it.name == "proxy_pass")
        .collect();
    own.into_iter().for_each(|it| report.kept(it, "`upstream`"));
    let path = place.matcher.path();
    let planned = plan.paths.iter().any(|it| {
        path.is_some_and(|path| it.path.trim_end_matches('/') == path.trim_end_matches('/'))
    });
    match planned && !place.is_root() {
        true => report.kept(directive, "`paths`"),
        false => report.kept(directive, "the site's own rule and hub"),
    }
}

fn is_challenge(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::Prefix(path) | Matcher::Exact(path) if path.starts_with("/.well-known/"))
}

/// Whether headers with what is known of the certificate go to the hub.
fn tells_certificate(server: &Server<'_>, plan: &Plan, report: &mut Report) -> bool {
    let places = server.locations.iter().map(|it| &it.levels);
    let headers: Vec<_> = places
        .flat_map(|it| it.nearest(&["proxy_set_header"]))
        .filter(|it| it.text().contains("$ssl_client_"))
        .collect();
    let takes = |rule: &Rule| rule.certificate.is_some();
    let paths = plan
        .paths
        .iter()
        .any(|it| matches!(&it.access, Access::And(rule) if takes(rule)));
    let some = !headers.is_empty() && (takes(&plan.rule) || paths);
    for header in headers.iter().filter(|_| some) {
        report.changed(header, "`client_headers: x-ssl-client` tells the hub in X-SSL-Client-Verify, -S-DN, -Serial and -Fingerprint");
    }
    some
}

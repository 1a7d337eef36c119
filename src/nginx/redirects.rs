//! All redirects to other origins together: which hosts each has, and none that leads back.

use super::{
    Wishes,
    files::Files,
    hosts::Selection,
    listen,
    outcome::Outcome,
    redirect::Redirect,
    report::Report,
    server::{Kind, Server},
    site::Site,
};

/// The redirects, and the ids of the servers that they come from.
pub(super) fn build(
    files: &dyn Files,
    servers: &[Server<'_>],
    selection: &Selection<'_, '_>,
    (sites, wishes): (&[Site], &Wishes),
    report: &mut Report,
) -> (Vec<Redirect>, Vec<usize>) {
    let (mut redirects, mut led) = (Vec::<Redirect>::new(), Vec::new());
    let mut hubs = servers.iter().filter(|server| server.kind == Kind::Hubs);
    let has_tls = hubs.any(Server::has_tls);
    for server in servers {
        let Some(found) = server.found_redirect() else {
            continue;
        };
        let mut hosts = hosts(server, servers, selection, wishes);
        hosts.retain(|host| is_free(host, found.host(), sites, &redirects));
        if hosts.is_empty() {
            continue;
        }
        led.push(server.directive.id);
        let clear = has_tls && found.is_clear();
        match refusal(clear, found.host(), &hosts, &redirects) {
            Some(why) => report.whole(Outcome::Dropped, server.directive, why),
            None => redirects.push(server.to_redirect(files, found, hosts, report)),
        }
    }
    (redirects, led)
}

/// Why a redirect is not taken over.
fn refusal(
    leads_into_clear: bool,
    target: &str,
    hosts: &[String],
    redirects: &[Redirect],
) -> Option<&'static str> {
    if leads_into_clear {
        return Some(INTO_CLEAR);
    }
    leads_back(target, hosts, redirects).then_some(BACK)
}

const INTO_CLEAR: &str =
    "a redirect into the clear, and hubgate redirects nobody from TLS to there: lead to https";
const BACK: &str = "a redirect that leads back to its own names by other redirects";

/// The hosts for which NGINX chooses the server; none for one that answers for every name.
fn hosts<'d>(
    server: &Server<'d>,
    servers: &[Server<'d>],
    selection: &Selection<'_, 'd>,
    wishes: &Wishes,
) -> Vec<String> {
    let unnamed = Wishes {
        domain: wishes.domain.clone(),
        ..Wishes::default()
    };
    let mut unsaid = Report::default();
    match server.has_tls() {
        true => selection.hosts(server, &unnamed, &mut unsaid),
        false => {
            let listened = listen::together(server.listens(false));
            Selection::of(servers, &listened).hosts(server, &unnamed, &mut unsaid)
        }
    }
}

/// Whether the host is neither that of a site nor the one that is led to.
fn is_free(host: &str, target: &str, sites: &[Site], redirects: &[Redirect]) -> bool {
    let served = sites.iter().map(|site| &site.hosts);
    let led = redirects.iter().map(|redirect| &redirect.hosts);
    let mut taken = served.chain(led).flatten();
    !covers(host, target) && !taken.any(|other| other == host)
}

/// Whether redirects lead from the target to one of these hosts.
fn leads_back(target: &str, hosts: &[String], redirects: &[Redirect]) -> bool {
    let mut at = target.to_owned();
    for _ in 0..=redirects.len() {
        if hosts.iter().any(|host| covers(host, &at)) {
            return true;
        }
        let takes = |it: &&Redirect| it.hosts.iter().any(|host| covers(host, &at));
        let Some(next) = redirects.iter().find(takes) else {
            return false;
        };
        at = next.host().to_owned();
    }
    true
}

/// Whether a host of `hosts` is a name, or a wildcard for it.
fn covers(host: &str, name: &str) -> bool {
    let wild = host.strip_prefix("*.");
    let name = name.to_ascii_lowercase();
    host == name || wild.is_some_and(|parent| name.split_once('.').is_some_and(|it| it.1 == parent))
}

//! Directives in the scope of a hub that are neither translated nor harmless: they stop the import.
//!
//! The scope of a hub is `http`, its server, its location, and the locations around that one, of
//! which only what is inherited counts.

use super::{
    directive::Directive,
    directive_table as table,
    location::Location,
    report::Report,
    server::{Kind, Server},
    upstream::Passed,
};

/// Directives that act in the block they stand in and in none within it.
const NOT_INHERITED: [&str; 9] = [
    "rewrite",
    "return",
    "if",
    "break",
    "set",
    "try_files",
    "limit_except",
    "location",
    "proxy_pass",
];

/// Stops at each directive that may decide what reaches a hub in a way that hubgate does not have.
pub(super) fn check(http: &[&Directive], servers: &[Server<'_>], report: &mut Report) {
    let hubs = || servers.iter().filter(|server| server.kind == Kind::Hubs);
    if hubs().next().is_none() {
        return;
    }
    http.iter().for_each(|directive| one(directive, report));
    hubs().for_each(|server| self::server(server, report));
}

fn server(server: &Server<'_>, report: &mut Report) {
    let own = server.directive.inner().iter();
    own.filter(|directive| directive.name != "try_files")
        .for_each(|directive| one(directive, report));
    fallbacks(server, report);
    let locations = server.locations.iter().zip(&server.passed);
    for (location, _) in locations.filter(|(_, passed)| matches!(passed, Some(Passed::Hub(_)))) {
        self::location(location, report);
        for outer in &location.around {
            inherited(&server.locations[*outer], report);
        }
    }
}

/// Stops where files come before the hub of a named location, which nothing else leads to.
fn fallbacks(server: &Server<'_>, report: &mut Report) {
    let locations = server.locations.iter();
    let fallbacks = locations.filter_map(|location| location.levels.own_one("try_files"));
    let named = fallbacks.filter(|it| it.words.last().is_some_and(|word| word.starts_with('@')));
    named.for_each(|directive| one(directive, report));
}

fn location(location: &Location<'_>, report: &mut Report) {
    for directive in location.directive.inner() {
        match table::is_content_handler(&directive.name) {
            true => report.stop(
                directive,
                "this answers in the place of the hub: leave one of the two in the location",
            ),
            false => one(directive, report),
        }
    }
}

fn inherited(outer: &Location<'_>, report: &mut Report) {
    let inner = outer.directive.inner().iter();
    inner
        .filter(|directive| !NOT_INHERITED.contains(&directive.name.as_str()))
        .for_each(|directive| one(directive, report));
}

fn one(directive: &Directive, report: &mut Report) {
    if let Some(cure) = table::wrong_words(directive) {
        return report.stop(directive, cure);
    }
    let name = directive.name.as_str();
    if name == "include" && directive.word().ends_with("include/block-exploits.conf") {
        return report.stop(
            directive,
            "hubgate refuses no request for words in its query: switch off \"Block Common Exploits\" of this host",
        );
    }
    if name == "auth_request" && directive.word() == "off" {
        return report.kept(directive, "no other server is asked here");
    }
    if table::is_translated(name) || table::harmless(name).is_some() {
        return;
    }
    report.stop(directive, cure(name));
}

fn cure(name: &str) -> String {
    match name {
        "rewrite" | "break" => format!(
            "`{name}` may lead this request to another place than its path says, and hubgate never changes a path: \
             remove it, and give the place it leads to a location or a host of its own"
        ),
        "try_files" => "NGINX serves a file here before it asks the hub, and hubgate has none: remove it, so that the hub is asked at once".into(),
        "limit_except" => "rules of hubgate's hold for every method: remove it, and write for the whole place who may enter".into(),
        _ => format!(
            "`{name}` may decide who enters, in a way that hubgate does not have: remove it, and write into proxy.yaml who may"
        ),
    }
}

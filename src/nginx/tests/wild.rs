//! Generated configurations: no text ends the program, and no plan is weaker.

use proptest::prelude::*;

use crate::nginx::{
    access::rule::{AccessPhase, Rule, implies},
    model::{network::AccessList, upstream::Upstream},
    plan::{
        equivalence::Equivalence,
        site_plan::{LocationAccess, Locations, Matcher, Target},
    },
    tests::*,
};

fn any_text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "server",
        "location",
        "/",
        "/a",
        "/a/",
        "=",
        "~",
        "^~",
        "{",
        "}",
        ";",
        "\"",
        "'",
        "\\",
        "$",
        "${",
        "#",
        "\n",
        " ",
        " ",
        " ",
        "listen",
        "443",
        "ssl",
        "server_name",
        "proxy_pass",
        "http://h:1",
        "allow",
        "deny",
        "all",
        "10.0.0.0/8",
        "auth_basic",
        "if",
        "(",
        ")",
        "return",
        "403",
        "include",
        "*",
        "openhab",
        "upstream",
        "http",
        "é",
        "set",
        "$x",
        "satisfy",
        "any",
    ]);
    prop::collection::vec(words, 0..80).prop_map(|words| words.concat())
}

fn rules() -> impl Strategy<Value = Rule> {
    let networks = |list: &str| {
        let text = format!("server {{ listen 80; location / {{ {list} }} }}");
        let files = InMemory([("/e/n".into(), text)].into());
        let directives = parse(&files, &["/e/n".into()]).unwrap();
        let inner: Vec<_> = directives[0].children()[1].children().iter().collect();
        AccessList::evaluate(&inner).unwrap().allowed
    };
    let (home, small) = (
        networks("allow 10.0.0.0/8;"),
        networks("allow 10.1.0.0/16;"),
    );
    let password = || "p".to_owned();
    prop::sample::select(vec![
        Rule::OPEN,
        Rule::DENIED,
        Rule::without_certificate(AccessPhase::Networks(home.clone())),
        Rule::without_certificate(AccessPhase::Networks(small.clone())),
        Rule::without_certificate(AccessPhase::Password(password())),
        Rule::without_certificate(AccessPhase::Either(home.clone(), password())),
        Rule::without_certificate(AccessPhase::Both(small, password())),
    ])
}

fn matchers() -> impl Strategy<Value = Matcher> {
    let paths = prop::sample::select(vec![
        "/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/b/", "/a b",
    ]);
    (paths, 0..5u8).prop_map(|(path, kind)| match kind {
        0..3 => Matcher::Prefix(path.into()),
        3 => Matcher::Exact(path.into()),
        _ => Matcher::Regex(path.into()),
    })
}

fn targets() -> impl Strategy<Value = Target> {
    let hub = |server: &str| {
        Target::Upstream(Upstream {
            servers: vec![server.to_owned()],
            ca: None,
            ..Upstream::default()
        })
    };
    prop::sample::select(vec![
        hub("http://h:1"),
        hub("http://h:1"),
        hub("http://h:2"),
        Target::Refused,
        Target::Local,
    ])
}

/// Returns the rules by which NGINX may decide: exact, then the longest prefix, then expressions.
fn nginx<'p>(locations: &'p [LocationAccess<'_>], path: &str) -> Vec<&'p Rule> {
    let exact = locations
        .iter()
        .find(|location| location.matcher == Matcher::Exact(path.into()));
    if let Some(exact) = exact {
        return vec![exact.reached_by()];
    }
    let prefixes = locations.iter().filter(|location| {
        location
            .matcher
            .prefix()
            .is_some_and(|own| path.starts_with(own))
    });
    let longest = prefixes.max_by_key(|location| location.matcher.prefix().map(str::len));
    // An expression with this begin may match; then it alone decides.
    let fits = |location: &&LocationAccess<'_>| matches!(&location.matcher, Matcher::Regex(begin) if path.starts_with(begin.as_str()));
    locations
        .iter()
        .filter(fits)
        .chain(longest)
        .map(LocationAccess::reached_by)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_or_refused(text in any_text()) {
        let _ = import_text(&text);
        let _ = import_text(&format!("server {{ listen 443 ssl; location / {{ {HUB} }} {text} }}"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = import_text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_plan_without_a_weakness_admits_no_client_that_nginx_refuses(
        written in prop::collection::vec((matchers(), rules(), targets()), 1..6),
        path in "/(a|b|ab)?(/|/b|b|/b/|/b/c|/c)?",
    ) {
        let files = InMemory([("/e/n".into(), "location / ;".into())].into());
        let directive = parse(&files, &["/e/n".into()]).unwrap().remove(0);
        let mut seen = Vec::new();
        let locations: Vec<_> = written.into_iter().filter(|(matcher, ..)| {
            let new = !seen.contains(matcher);
            seen.push(matcher.clone());
            new
        }).map(|(matcher, rule, target)| LocationAccess {
            matcher, directive: &directive, around: Vec::new(), shielded: false, redirects_to_slash: matches!(target, Target::Upstream(_)), adds_slash: false, rule, target,
        }).collect();
        if let Some(Ok(plan)) = Locations(&locations).propose()
            && !(Equivalence { locations: &locations, plan: &plan }).differences().iter().any(|difference| difference.weaker)
        {
            let slash = format!("{path}/");
            // NGINX redirects to the path with a slash instead of forwarding the request.
            let redirects = locations.iter().any(|location| location.matcher.path() == Some(&slash) && location.upstream().is_some());
            for rule in nginx(&locations, &path) {
                prop_assert!(redirects || implies(&plan.rules(&path), &[rule]), "{path}: {locations:?}\n{plan:?}");
            }
        }
    }
}

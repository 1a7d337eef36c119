//! Configurations that nobody wrote: no text ends the program, no plan is weaker.

use proptest::prelude::*;

use super::{
    super::{
        network,
        plan::{self, Judged, Matcher, Target},
        proof,
        rule::{Entry, Rule, implies},
        upstream::Hub,
    },
    *,
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
        let files = Memory([("/e/n".into(), text)].into());
        let directives = read(&files, &["/e/n".into()]).unwrap();
        let inner: Vec<_> = directives[0].inner()[1].inner().iter().collect();
        network::reach(&inner).unwrap().allowed
    };
    let (home, small) = (
        networks("allow 10.0.0.0/8;"),
        networks("allow 10.1.0.0/16;"),
    );
    let password = || "p".to_owned();
    prop::sample::select(vec![
        Rule::OPEN,
        Rule::NOBODY,
        Rule::of(Entry::Networks(home.clone())),
        Rule::of(Entry::Networks(small.clone())),
        Rule::of(Entry::Password(password())),
        Rule::of(Entry::Either(home.clone(), password())),
        Rule::of(Entry::Both(small, password())),
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
        Target::Hub(Hub {
            servers: vec![server.to_owned()],
            ca: None,
            ..Hub::default()
        })
    };
    prop::sample::select(vec![
        hub("http://h:1"),
        hub("http://h:1"),
        hub("http://h:2"),
        Target::Closed,
        Target::Other,
    ])
}

/// Whom NGINX lets reach a place, by its own words: exact, then the longest prefix, then expressions.
fn nginx<'p>(places: &'p [Judged<'_>], path: &str) -> Vec<&'p Rule> {
    let exact = places
        .iter()
        .find(|it| it.matcher == Matcher::Exact(path.into()));
    if let Some(exact) = exact {
        return vec![exact.reached_by()];
    }
    let prefixes = places
        .iter()
        .filter(|it| it.matcher.prefix().is_some_and(|own| path.starts_with(own)));
    let longest = prefixes.max_by_key(|it| it.matcher.prefix().map(str::len));
    // An expression that begins so may fit; then it alone decides.
    let fits = |it: &&Judged<'_>| matches!(&it.matcher, Matcher::Regex(begin) if path.starts_with(begin.as_str()));
    places
        .iter()
        .filter(fits)
        .chain(longest)
        .map(Judged::reached_by)
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
    fn a_plan_without_a_weakness_lets_nobody_in_whom_nginx_keeps_out(
        written in prop::collection::vec((matchers(), rules(), targets()), 1..6),
        path in "/(a|b|ab)?(/|/b|b|/b/|/b/c|/c)?",
    ) {
        let directive = read(&Memory([("/e/n".into(), "location / ;".into())].into()), &["/e/n".into()]).unwrap().remove(0);
        let mut seen = Vec::new();
        let places: Vec<_> = written.into_iter().filter(|(matcher, ..)| {
            let new = !seen.contains(matcher);
            seen.push(matcher.clone());
            new
        }).map(|(matcher, rule, target)| Judged {
            matcher, directive: &directive, around: Vec::new(), shielded: false, leads_on: matches!(target, Target::Hub(_)), adds_slash: false, rule, target,
        }).collect();
        if let Some(Ok(plan)) = plan::propose(&places)
            && !proof::differences(&places, &plan).iter().any(|it| it.weaker)
        {
            let slash = format!("{path}/");
            // NGINX redirects to the hub's place with a slash instead of asking it.
            let redirects = places.iter().any(|it| it.matcher.path() == Some(&slash) && it.hub().is_some());
            for rule in nginx(&places, &path) {
                prop_assert!(redirects || implies(&plan.rules(&path), &[rule]), "{path}: {places:?}\n{plan:?}");
            }
        }
    }
}

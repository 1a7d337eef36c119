//! Paths of attackers and of honest clients, against simulated hubs and the reference.

use std::sync::LazyLock;

use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert_eq, prop_assume, proptest};

use super::{InvalidPath, Pattern, find_rule, reference};

const RULES: [&str; 4] = ["/static/", "/rest", "/rest/open/", "/my files/"];

fn decides(path: &str) -> Result<Option<&'static str>, InvalidPath> {
    let index = find_rule(path.as_bytes(), &RULES)?;
    Ok(index.map(|index| RULES[index]))
}

#[test]
fn the_longest_matching_rule_decides() {
    for (path, rule) in [
        ("/", None),
        ("/static", None),
        ("/static/", Some("/static/")),
        ("/static/a/b.css", Some("/static/")),
        ("/STATIC/a", None),
        ("/rest", Some("/rest")),
        ("/rest/items", Some("/rest")),
        ("/restful", None),
        ("/rest/open/x", Some("/rest/open/")),
        ("/rest/open", Some("/rest")),
        ("/my%20files/a", Some("/my files/")),
        ("/%72est/items", Some("/rest")),
    ] {
        assert_eq!(decides(path), Ok(rule), "{path}");
    }
}

#[test]
fn a_prefix_rule_covers_every_path_with_the_prefix_unless_a_longer_rule_does() {
    const PREFIXES: [&str; 4] = ["/admin*", "/admin", "/adm*", "/admin/x/"];
    for (path, rule) in [
        ("/admin", Ok(Some("/admin"))),
        ("/admin/", Ok(Some("/admin"))),
        ("/admin/x/y", Ok(Some("/admin/x/"))),
        ("/admins", Ok(Some("/admin*"))),
        ("/admin*", Ok(Some("/admin*"))),
        ("/admin-x/y", Ok(Some("/admin*"))),
        ("/admi", Ok(Some("/adm*"))),
        ("/ad", Ok(None)),
        ("/%61dmins", Ok(Some("/admin*"))),
        ("/admins%2fx", Ok(Some("/admin*"))),
        ("/admins;a/b", Ok(Some("/admin*"))),
        ("/admin;a/b", Err(InvalidPath::Ambiguous)),
        ("/admin%2fx", Err(InvalidPath::Ambiguous)),
        ("/x/;/admins", Ok(None)),
        ("//admins", Err(InvalidPath::Ambiguous)),
    ] {
        let judged = find_rule(path.as_bytes(), &PREFIXES);
        assert_eq!(
            judged,
            reference::find_rule(path.as_bytes(), &PREFIXES),
            "{path}"
        );
        assert_eq!(judged.map(|at| at.map(|at| PREFIXES[at])), rule, "{path}");
    }
}

#[test]
fn a_malformed_path_is_refused_with_rules_and_without() {
    let long = format!("/{}", "a".repeat(8192));
    for (path, fault) in [
        ("", InvalidPath::Relative),
        ("*", InvalidPath::Relative),
        ("home.example.org:443", InvalidPath::Relative),
        ("http://home.example.org/", InvalidPath::Relative),
        (long.as_str(), InvalidPath::TooLong),
        ("/a b", InvalidPath::Raw(b' ')),
        ("/a\u{1}", InvalidPath::Raw(1)),
        ("/a\u{7f}", InvalidPath::Raw(0x7f)),
        ("/a\\b", InvalidPath::Raw(b'\\')),
        ("/a#b", InvalidPath::Raw(b'#')),
        ("/ä", InvalidPath::Raw(0xc3)),
        ("/%", InvalidPath::Percent),
        ("/%4", InvalidPath::Percent),
        ("/%4g", InvalidPath::Percent),
        ("/%+1", InvalidPath::Percent),
        ("/%u0041", InvalidPath::Percent),
        ("/%00", InvalidPath::Control),
        ("/a%0d%0ab", InvalidPath::Control),
        ("/%7f", InvalidPath::Control),
        ("/%c0%af", InvalidPath::NotUtf8),
        ("/%e0%80%af", InvalidPath::NotUtf8),
        ("/%c0%ae%c0%ae/", InvalidPath::NotUtf8),
        ("/%f0%80%80%ae/", InvalidPath::NotUtf8),
        ("/%fc%01", InvalidPath::Control),
        ("/%fc%c2%85", InvalidPath::Control),
        ("/..", InvalidPath::DotSegment),
        ("/./a", InvalidPath::DotSegment),
        ("/static/../rest", InvalidPath::DotSegment),
        ("/static/%2e%2E/rest", InvalidPath::DotSegment),
        ("/static/.%2e/rest", InvalidPath::DotSegment),
        ("/static/..;/rest", InvalidPath::DotSegment),
        ("/static/..%3bx/rest", InvalidPath::DotSegment),
        ("/static/..%2frest", InvalidPath::DotSegment),
        ("/static/..%5crest", InvalidPath::DotSegment),
    ] {
        assert_eq!(decides(path), Err(fault), "{path}");
        assert_eq!(find_rule(path.as_bytes(), &[""; 0]), Err(fault), "{path}");
    }
}

#[test]
fn a_path_that_two_rules_could_decide_is_refused() {
    for path in [
        "/static%2fa",
        "/rest%2Fitems",
        "/rest%5citems",
        "/rest;x/items",
        "/rest%3bx",
        "/;x/rest",
        "//rest/items",
        "/rest//open/x",
        "/rest/open%2fx",
        "/%2572est",
        "/rest%252fitems",
        "/static/%252e%252e/rest",
        "/static/x%252f..%252f",
        "/static;/a",
        "/re%ffst",
        "/%ffrest/items",
        "/rest/op%fcen/x",
        "/static%ff/a",
    ] {
        assert_eq!(decides(path), Err(InvalidPath::Ambiguous), "{path}");
        assert_eq!(find_rule(path.as_bytes(), &[""; 0]), Ok(None), "{path}");
    }
}

#[test]
fn an_encoded_path_passes_if_one_rule_decides_every_interpretation() {
    for (path, rule) in [
        ("/nodes/@scope%2Fname", None),
        ("/%fc", None),
        ("/caf%e9/rest", None),
        ("/static/caf%e9.png", Some("/static/")),
        ("/rest/items/%ff", Some("/rest")),
        ("/static/a%2fb", Some("/static/")),
        ("/static/a;v=1/b", Some("/static/")),
        ("/static//a", Some("/static/")),
        ("/static/100%25", Some("/static/")),
        ("/static/K%C3%BCche.png", Some("/static/")),
        ("/rest/items/a..b", Some("/rest")),
        ("/static/...", Some("/static/")),
    ] {
        assert_eq!(decides(path), Ok(rule), "{path}");
    }
}

/// Returns simulated hubs that share no code with the module: each normalises text in its own
/// order.
fn hubs() -> [fn(&str) -> String; 5] {
    [jetty, nginx, node, windows, twice]
}

fn decode(path: &str) -> String {
    let mut decoded = String::new();
    let mut pieces = path.split('%');
    decoded.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let code = piece.get(..2).map(|hex| u8::from_str_radix(hex, 16));
        match code {
            Some(Ok(byte)) => {
                decoded.push(char::from(byte));
                decoded.push_str(&piece[2..]);
            }
            _ => decoded.push_str(&format!("%{piece}")),
        }
    }
    decoded
}

fn resolve(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

fn jetty(path: &str) -> String {
    let bare = path
        .split('/')
        .map(|segment| segment.split(';').next().unwrap_or(segment));
    resolve(&decode(&bare.collect::<Vec<_>>().join("/")))
}

fn nginx(path: &str) -> String {
    let mut path = decode(path);
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    resolve(&path)
}

fn node(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| decode(segment).replace('/', "\u{1}"));
    resolve(&segments.collect::<Vec<_>>().join("/"))
}

fn windows(path: &str) -> String {
    resolve(&decode(path).replace('\\', "/"))
}

fn twice(path: &str) -> String {
    jetty(&decode(path))
}

/// Every part that known hubs read differently, and parts around them.
const NASTY: [&str; 44] = [
    "/",
    "/",
    "//",
    ";",
    ";",
    "%3b",
    "%253b",
    "%2f",
    "%2F",
    "%252f",
    "%5c",
    "%255C",
    "%25%35%63",
    "%25%32f",
    "%252%66",
    "%25",
    "%2525",
    "%25253b",
    ".",
    "..",
    "%2e",
    "%252e",
    "a",
    "b",
    "a/b",
    "%61",
    "%2561",
    "%6",
    "%",
    "%00",
    "%2500",
    "%0a",
    "%2501",
    "%c3%bc",
    "%25c3",
    "rest",
    "static",
    "open",
    "%72est",
    "%2572est",
    "x",
    "2f",
    "=1",
    " ",
];

/// Rules with common prefixes, rules that end within segments of others, and rules with bytes that
/// no path may have.
const OVERLAPPING: [&[&str]; 8] = [
    &["/rest", "/rest/", "/rest/open/", "/static/"],
    &["/", "/a", "/a/", "/a/b", "/a/b/", "/a/a/a/a/a"],
    &["/a/", "/ab", "/aa", "/a.b", "/a/a"],
    &["/a b/", "/ü", "/a//b", "/a;b", "/a%2fb", "/%", "/a\\b"],
    &["", "/", "//", "a"],
    &["/a", "/a", "/b"],
    &["/\0", "/a\0b", "/\u{1}"],
    &["/b"],
];

fn nasty(most: usize) -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(prop::sample::select(NASTY.to_vec()), 0..most);
    parts.prop_map(|parts| format!("/{}", parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(*CASES))]

    #[test]
    fn one_pass_decides_as_the_reference(path in nasty(12)) {
        for rules in OVERLAPPING {
            let (once, each) = (find_rule(path.as_bytes(), rules), reference::find_rule(path.as_bytes(), rules));
            prop_assert_eq!(once, each, "{} by {:?}", path, rules);
        }
    }

    #[test]
    fn one_pass_decides_on_any_bytes_as_the_reference(
        path in prop::collection::vec(prop::sample::select(b"/;%25cCfFb3eE.\\a\x7f\xc3 ".as_slice()), 0..24),
    ) {
        let path = [b"/", &path[..]].concat();
        for rules in OVERLAPPING {
            prop_assert_eq!(find_rule(&path, rules), reference::find_rule(&path, rules));
        }
    }
}

/// Number of random paths; `HUBGATE_CASES` overrides it.
static CASES: LazyLock<u32> = LazyLock::new(|| {
    let cases = std::env::var("HUBGATE_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(1000)
});

proptest! {
    #[test]
    fn no_two_hubs_differ_on_a_path_that_passes(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "/", "/", "rest", "static", "open", "r", "%72", "est", "%2f", "%5c", ";", "%3b",
            ".", "%2e", "%252e", "%252f", "%2572", "%25", "x", "%20", "//",
        ]), 0..10),
    ) {
        let path = format!("/{}", pieces.concat());
        let Ok(verdict) = find_rule(path.as_bytes(), &RULES) else {
            return Ok(());
        };
        for hub in hubs() {
            let read = hub(&path);
            let rule = Pattern::longest_match(read.as_bytes(), None, &RULES);
            prop_assert_eq!(rule, verdict, "{} read as {}", path, read);
        }
    }

    #[test]
    fn no_path_panics(path in prop::collection::vec(0_u8..=255, 0..40)) {
        let verdict = find_rule(&path, &RULES);
        prop_assume!(path.first() != Some(&b'/'));
        prop_assert_eq!(verdict, Err(InvalidPath::Relative));
    }
}

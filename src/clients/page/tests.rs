//! The HTML of the enrolment pages, for any name.

use super::*;

const NAMES: [&str; 6] = [
    "Anna's phone",
    "\"><script>alert(1)</script>",
    "</title><h1>&amp;",
    "هاتف آنا",
    "📱 {host} *bold*",
    "",
];
const LANGUAGES: [Language; 2] = [Language::English, Language::German];
const DEVICES: [Device; 5] = [
    Device::IPhone,
    Device::Android,
    Device::Windows,
    Device::MacOs,
    Device::Other,
];

const ANNA: Ready<'_> = Ready {
    language: Language::English,
    device: Device::IPhone,
    name: "Anna's phone",
    host: "home.example.org:8443",
    password: "k7mq-x2fd-9wpt",
    base: "/.hubgate/enrol/TOKEN2",
    file: "annas-phone",
    self_signed: false,
    asked_here: false,
    seen: false,
};

/// Renders every page with every combination of facts.
fn pages(name: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for language in LANGUAGES {
        let codes = [(false, 3), (true, 2), (true, 1)];
        pages.extend(codes.map(|(wrong, tries)| code(language, name, wrong, tries)));
        let ends = [
            Over::Unknown,
            Over::Tries,
            Over::AskedHere,
            Over::NotIssued(name),
        ];
        pages.extend(ends.map(|end| over(language, end)));
        for device in DEVICES {
            pages.extend((0..8).map(|bits| {
                let [self_signed, asked_here, seen] = [1, 2, 4].map(|bit| bits & bit != 0);
                ready(&Ready {
                    language,
                    device,
                    name,
                    self_signed,
                    asked_here,
                    seen,
                    ..ANNA
                })
            }));
        }
    }
    pages
}

/// Removes the script and the style sheet of a page.
fn markup(page: &str) -> String {
    let mut left = page.to_owned();
    for (inline, tag) in [(STYLE, "style"), (SCRIPT, "script")] {
        left = left.replace(&format!("<{tag}>{inline}</{tag}>"), "");
    }
    left
}

/// Reports whether every start tag has its end tag.
fn is_balanced(markup: &str) -> bool {
    let mut open = Vec::new();
    for tag in markup
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
    {
        let name = tag.split(' ').next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            None if !["!DOCTYPE", "meta", "input"].contains(&name) => open.push(name),
            _ => {}
        }
    }
    open.is_empty()
}

#[test]
fn every_page_is_well_formed_with_any_name() {
    assert!(!is_balanced("<p><b></p></b>") && !is_balanced("<p>") && !is_balanced("</p>"));
    for page in NAMES.into_iter().flat_map(pages) {
        let markup = markup(&page);
        assert!(is_balanced(&markup), "{markup}");
        assert!(
            !markup.contains("<script") && !markup.contains("<style"),
            "{markup}"
        );
        assert!(
            !markup.contains("<h1>&amp;") && !markup.contains(" style="),
            "{markup}"
        );
    }
}

#[test]
fn a_name_is_isolated_in_its_writing_direction() {
    for name in &NAMES[..5] {
        let escaped = html! { (name) }.into_string();
        let wrapped = format!("<bdi dir=\"auto\">{escaped}</bdi>");
        for language in LANGUAGES {
            let pages = [
                code(language, name, false, 3),
                ready(&Ready {
                    language,
                    name,
                    ..ANNA
                }),
                over(language, Over::NotIssued(name)),
            ];
            for page in pages {
                let (_, body) = page.split_once("<body>").unwrap();
                assert!(body.contains(&wrapped), "{body}");
                assert!(!body.replace(&wrapped, "").contains(&escaped), "{body}");
            }
        }
    }
}

#[test]
fn a_page_has_no_address_but_that_of_the_site() {
    for page in pages("Anna's phone") {
        let foreign = page.replace("https://home.example.org:8443/", "");
        let foreign = foreign.replace("https://home.example.org:8443<", "");
        for scheme in [
            "http:",
            "https:",
            "//home",
            " src=",
            "<link",
            "<img",
            "javascript:",
        ] {
            assert!(!foreign.contains(scheme), "{scheme} in {foreign}");
        }
    }
}

#[test]
fn the_policy_allows_the_script_and_style_of_the_page_only() {
    let policy = content_security_policy();
    let page = ready(&ANNA);
    for tag in ["style", "script"] {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        let (inline, rest) = rest.split_once(&format!("</{tag}>")).unwrap();
        assert!(
            policy.contains(&format!("{tag}-src '{}'", source(inline))),
            "{policy}"
        );
        assert!(!rest.contains(&format!("<{tag}")), "a second {tag}");
    }
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"));
    assert!(
        !regex::Regex::new(r#" on[a-z]+=""#)
            .unwrap()
            .is_match(&markup(&page)),
        "a hash allows no handlers"
    );
}

#[test]
fn every_fact_of_the_texts_is_filled_in() {
    for page in pages("Anna's phone") {
        let page = markup(&page).replace("[0-9]{6}", "");
        assert!(!page.contains("<bdi dir=\"auto\"></bdi>"), "{page}");
        assert!(!page.contains('*') && !page.contains('{'), "{page}");
    }
}

#[test]
fn the_guides_of_the_own_device_are_first_and_the_others_below() {
    for (device, files) in [
        (Device::IPhone, &["ohp12", "mobileconfig"][..]),
        (Device::Android, &["p12"]),
        (Device::Windows, &["p12"]),
        (Device::MacOs, &["p12"]),
        (Device::Other, &["p12"]),
    ] {
        let page = ready(&Ready { device, ..ANNA });
        let (own, others) = page.split_once("<details").unwrap();
        let links = |part: &str| {
            part.matches("href=\"/.hubgate/enrol/TOKEN2/annas-phone.")
                .count()
        };
        assert_eq!(links(own), files.len(), "{own}");
        for file in files {
            assert!(
                own.contains(&format!("TOKEN2/annas-phone.{file}\"")),
                "{file} in {own}"
            );
        }
        assert_eq!(links(others), 6 - files.len(), "{others}");
    }
}

#[test]
fn the_form_for_the_code_works_without_a_script() {
    let page = markup(&code(Language::English, "Anna's phone", false, 3));
    for word in [
        "method=\"post\"",
        "name=\"code\"",
        "inputmode=\"numeric\"",
        "autocomplete=\"one-time-code\"",
        "pattern=\"[0-9]{6}\"",
        "autofocus",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert!(
        !page.contains("action=") && !page.contains("<script") && !page.contains("aria-invalid")
    );
}

#[test]
fn a_wrong_code_is_reported_with_the_tries_left() {
    let two = code(Language::English, "Anna's phone", true, 2);
    assert!(two.contains("not the code") && two.contains("2</bdi> tries are left"));
    assert!(two.contains("aria-invalid=\"true\"") && two.contains("role=\"alert\""));
    let one = code(Language::German, "Anna's phone", true, 1);
    assert!(one.contains("nicht der Code") && one.contains("Noch ein Versuch"));
}

#[test]
fn the_test_button_appears_where_no_certificate_is_requested() {
    let home = ready(&ANNA);
    assert!(home.contains("<form method=\"post\" action=\"/.hubgate/enrol/TOKEN2/try\">"));
    let away = ready(&Ready {
        asked_here: true,
        ..ANNA
    });
    assert!(!away.contains("<form") && away.contains("href=\"https://home.example.org:8443/\""));
}

#[test]
fn without_a_script_the_page_reloads_until_the_device_is_seen() {
    let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>";
    assert!(ready(&ANNA).contains(refresh));
    let seen = ready(&Ready { seen: true, ..ANNA });
    assert!(!seen.contains("refresh") && seen.contains("<main class=\"seen\""));
    assert!(
        ready(&ANNA).contains(" hidden data-copied"),
        "copying needs the script"
    );
}

#[test]
fn only_the_certificate_of_a_self_signed_site_must_be_trusted() {
    let trust = "Certificate Trust Settings";
    assert!(!ready(&ANNA).contains(trust));
    let page = ready(&Ready {
        self_signed: true,
        ..ANNA
    });
    assert_eq!(page.matches(trust).count(), 1, "once, in Safari's steps");
    assert!(
        page.contains(">home.example.org</bdi> on."),
        "no certificate names a port"
    );
}

#[test]
fn every_notice_has_its_language_and_reason() {
    for language in LANGUAGES {
        let ends = [
            Over::Unknown,
            Over::Tries,
            Over::AskedHere,
            Over::NotIssued("disk full"),
        ];
        let pages = ends.map(|end| over(language, end));
        assert!(pages[3].contains("disk full"));
        assert!(
            pages
                .iter()
                .all(|page| page.contains(&format!("lang=\"{}\"", language.tag())))
        );
    }
}

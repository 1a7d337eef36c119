use crate::devices::pages::*;

const NAMES: [&str; 6] = [
    "Anna's phone",
    "\"><script>alert(1)</script>",
    "</title><h1>&amp;",
    "هاتف آنا",
    "📱 {host} *bold*",
    "",
];
const LANGUAGES: [Language; 2] = [Language::English, Language::German];
const DEVICES: [Platform; 5] = [
    Platform::IPhone,
    Platform::Android,
    Platform::Windows,
    Platform::MacOs,
    Platform::Other,
];

const ANNA: Ready<'_> = Ready {
    language: Language::English,
    device: Platform::IPhone,
    name: "Anna's phone",
    host: "home.example.org:8443",
    password: "k7mq-x2fd-9wpt",
    base: "/.hubgate/enrol/TOKEN2",
    file: "annas-phone",
    self_signed: false,
    asked_here: false,
    seen: false,
};

/// Renders every page with a device name.
fn pages(name: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for language in LANGUAGES {
        let codes = [(false, 3), (true, 2), (true, 1)];
        pages.extend(codes.map(|(wrong, tries)| code(language, name, wrong, tries)));
        let ends = [
            InvitationEnd::Unknown,
            InvitationEnd::Tries,
            InvitationEnd::AskedHere,
            InvitationEnd::NotIssued(name),
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

/// Removes the contents of scripts and style sheets from a page.
fn markup(page: &str) -> String {
    let mut left = page.to_owned();
    for (inline, tag) in [(STYLE, "style"), (SCRIPT, "script")] {
        left = left.replace(&format!("<{tag}>{inline}</{tag}>"), "");
    }
    left
}

/// Returns true if every tag is closed in the right place.
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
fn every_name_is_isolated_from_the_direction_of_its_context() {
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
                over(language, InvitationEnd::NotIssued(name)),
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
fn a_page_contains_no_foreign_address() {
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
fn the_policy_allows_only_the_pages_own_style_and_script() {
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
fn the_files_of_the_device_are_above_those_of_others() {
    for (device, files) in [
        (Platform::IPhone, &["ohp12", "mobileconfig"][..]),
        (Platform::Android, &["p12"]),
        (Platform::Windows, &["p12"]),
        (Platform::MacOs, &["p12"]),
        (Platform::Other, &["p12"]),
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
fn the_code_form_works_without_a_script() {
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
fn the_form_shows_a_wrong_code_with_the_remaining_attempts() {
    let two = code(Language::English, "Anna's phone", true, 2);
    assert!(two.contains("not the code") && two.contains("2</bdi> tries are left"));
    assert!(two.contains("aria-invalid=\"true\"") && two.contains("role=\"alert\""));
    let one = code(Language::German, "Anna's phone", true, 1);
    assert!(one.contains("nicht der Code") && one.contains("Noch ein Versuch"));
}

#[test]
fn only_a_device_at_home_gets_the_button_of_the_test_window() {
    let home = ready(&ANNA);
    assert!(home.contains("<form method=\"post\" action=\"/.hubgate/enrol/TOKEN2/try\">"));
    let away = ready(&Ready {
        asked_here: true,
        ..ANNA
    });
    assert!(!away.contains("<form") && away.contains("href=\"https://home.example.org:8443/\""));
}

#[test]
fn the_page_reloads_without_a_script_until_the_certificate_is_used() {
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
fn only_a_self_signed_site_adds_the_step_of_trust() {
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
fn every_notice_is_in_the_language_of_the_page() {
    for language in LANGUAGES {
        let ends = [
            InvitationEnd::Unknown,
            InvitationEnd::Tries,
            InvitationEnd::AskedHere,
            InvitationEnd::NotIssued("disk full"),
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

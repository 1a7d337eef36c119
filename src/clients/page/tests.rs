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

/// Every page there is, with what is filled into it.
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

/// The page without what stands in its scripts and style sheets.
fn markup(page: &str) -> String {
    let mut left = page.to_owned();
    for (inline, tag) in [(STYLE, "style"), (SCRIPT, "script")] {
        left = left.replace(&format!("<{tag}>{inline}</{tag}>"), "");
    }
    left
}

/// Whether every tag that opens is closed where it should be.
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
fn every_page_is_well_formed_whatever_the_name() {
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
fn a_name_stands_by_itself_whichever_way_it_is_written() {
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
fn a_page_names_no_address_but_the_sites_own() {
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
fn the_policy_allows_what_is_on_the_page_and_nothing_else() {
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
fn every_fact_in_the_texts_is_filled_in() {
    for page in pages("Anna's phone") {
        let page = markup(&page).replace("[0-9]{6}", "");
        assert!(!page.contains("<bdi dir=\"auto\"></bdi>"), "{page}");
        assert!(!page.contains('*') && !page.contains('{'), "{page}");
    }
}

#[test]
fn each_device_finds_its_own_files_first_and_all_others_below() {
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
fn the_code_is_asked_for_in_a_form_that_works_alone() {
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
fn a_wrong_code_is_told_with_the_tries_left() {
    let two = code(Language::English, "Anna's phone", true, 2);
    assert!(two.contains("not the code") && two.contains("2</bdi> tries are left"));
    assert!(two.contains("aria-invalid=\"true\"") && two.contains("role=\"alert\""));
    let one = code(Language::German, "Anna's phone", true, 1);
    assert!(one.contains("nicht der Code") && one.contains("Noch ein Versuch"));
}

#[test]
fn a_device_at_home_can_try_and_one_away_is_asked_anyway() {
    let home = ready(&ANNA);
    assert!(home.contains("<form method=\"post\" action=\"/.hubgate/enrol/TOKEN2/try\">"));
    let away = ready(&Ready {
        asked_here: true,
        ..ANNA
    });
    assert!(!away.contains("<form") && away.contains("href=\"https://home.example.org:8443/\""));
}

#[test]
fn without_a_script_the_page_waits_too_until_the_device_came() {
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
fn only_a_self_signed_site_is_to_be_trusted_by_hand() {
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
fn the_kinds_of_bad_links_read_alike() {
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

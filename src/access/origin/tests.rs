//! Requests of browsers for own, listed and other pages, and requests of programs.

use super::*;

type List = [(&'static str, &'static str)];

const OWN: (&str, &str) = ("origin", "https://home.example.org");
const EVIL: (&str, &str) = ("origin", "https://evil.example");
const PANEL: (&str, &str) = ("origin", "https://panel.example.org");
const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");
const SAME: (&str, &str) = ("sec-fetch-site", "same-site");
const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");
const DOCUMENT: (&str, &str) = ("sec-fetch-dest", "document");

/// A place, and a request for it.
#[derive(Clone, Copy)]
struct Scene {
    method: &'static Method,
    websocket: bool,
    tls: bool,
    port: Option<u16>,
    guarded: bool,
    acts: bool,
}

const GET: Scene = Scene {
    method: &Method::GET,
    websocket: false,
    tls: true,
    port: None,
    guarded: true,
    acts: false,
};
const POST: Scene = Scene {
    method: &Method::POST,
    ..GET
};
const COMMAND: Scene = Scene { acts: true, ..GET };
const SOCKET: Scene = Scene {
    websocket: true,
    ..GET
};
/// A place without a factor.
const OPEN: Scene = Scene {
    guarded: false,
    ..GET
};

impl Scene {
    fn check(self, fields: &List) -> Result<(), CrossSite> {
        let hosts = [
            Host::Name("home.example.org".to_owned()),
            Host::Wildcard("hub.example".to_owned()),
            Host::Address("192.168.1.5".parse().unwrap()),
            Host::Address("fd00::5".parse().unwrap()),
            Host::Name("localhost".to_owned()),
            Host::Address("127.0.0.1".parse().unwrap()),
        ];
        let origins = [PANEL.1, "app://hub"].map(Origin::new);
        let fields: Fields<'_> = fields.iter().copied().collect();
        let origin = RequestOrigin {
            method: self.method,
            fields: &fields,
            websocket: self.websocket,
            tls: self.tls,
        };
        origin.check(&OriginTarget {
            hosts: &hosts,
            port: self.port,
            origins: [&origins[..1], &origins[1..]],
            guarded: self.guarded,
            acts: self.acts,
        })
    }

    fn takes(self, fields: &List) -> bool {
        self.check(fields).is_ok()
    }
}

#[test]
fn own_pages_may_change_state() {
    for origin in [
        "https://home.example.org",
        "https://home.example.org:8443",
        "https://HOME.example.org",
        "https://anna.hub.example",
        "https://192.168.1.5",
        "https://[fd00::5]:8443",
        "https://localhost",
        "https://localhost:443",
        "https://127.0.0.1",
    ] {
        assert!(POST.takes(&[("origin", origin)]), "{origin}");
    }
    let clear = Scene { tls: false, ..POST };
    assert!(clear.takes(&[("origin", "http://home.example.org")]));
    assert!(clear.takes(&[OWN]));
}

#[test]
fn pages_of_other_sites_may_not_change_state() {
    for origin in [
        "null",
        "",
        "https://evil.example",
        "https://home.example.org.evil.example",
        "https://evil-home.example.org",
        "https://a.b.hub.example",
        "https://hub.example",
        "https://.hub.example",
        "https://home.example.org@evil.example",
        "https://evil@home.example.org",
        "https://home.example.org/",
        "ftp://home.example.org",
        "home.example.org",
        "https://192.168.1.50",
        "http://home.example.org",
        "https://localhost:3000",
        "https://127.0.0.1:3000",
        "https://panel.example.org:8443",
        "http://panel.example.org",
        "https://PANEL.example.org",
    ] {
        let refused = Err(CrossSite::Origin);
        assert_eq!(POST.check(&[("origin", origin)]), refused, "{origin}");
        assert_eq!(GET.check(&[("origin", origin)]), refused, "{origin}");
    }
    assert!(!POST.takes(&[OWN, OWN]));
}

#[test]
fn a_loopback_host_is_own_with_the_requested_port_only() {
    let requested = |port, tls| Scene { port, tls, ..POST };
    let at = |origin| [("origin", origin)];
    assert!(requested(Some(8443), true).takes(&at("https://localhost:8443")));
    assert!(requested(Some(8443), true).takes(&at("https://127.0.0.1:8443")));
    assert!(!requested(Some(8443), true).takes(&at("https://localhost")));
    assert!(!requested(Some(8443), true).takes(&at("https://localhost:9000")));
    assert!(requested(None, false).takes(&at("http://localhost")));
    assert!(requested(Some(80), false).takes(&at("http://localhost:80")));
    assert!(!requested(None, false).takes(&at("http://localhost:3000")));
    assert!(requested(Some(443), true).takes(&at("https://home.example.org:9000")));
}

#[test]
fn fetch_metadata_overrides_the_origin() {
    for (site, passes) in [
        ("same-origin", true),
        ("same-site", true),
        ("none", true),
        ("cross-site", false),
    ] {
        let fields = [OWN, ("sec-fetch-site", site)];
        assert_eq!(POST.takes(&fields), passes, "{site}");
    }
}

#[test]
fn programs_without_an_origin_pass() {
    for scene in [GET, POST, COMMAND, SOCKET, OPEN] {
        assert!(scene.takes(&[]));
        assert!(scene.takes(&[("sec-fetch-site", "none"), NAVIGATE, DOCUMENT]));
        assert!(scene.takes(&[("sec-fetch-site", "same-origin")]));
    }
}

#[test]
fn a_navigation_passes_and_an_embedded_resource_does_not() {
    assert!(GET.takes(&[CROSS, NAVIGATE, DOCUMENT]));
    assert!(GET.takes(&[
        CROSS,
        NAVIGATE,
        DOCUMENT,
        ("referer", "https://evil.example/")
    ]));
    for fields in [
        &[CROSS][..],
        &[
            CROSS,
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "image"),
        ],
        &[CROSS, NAVIGATE, ("sec-fetch-dest", "iframe")],
        &[CROSS, NAVIGATE, ("sec-fetch-dest", "object")],
        &[CROSS, NAVIGATE],
        &[CROSS, DOCUMENT],
        &[CROSS, NAVIGATE, DOCUMENT, DOCUMENT],
        &[CROSS, NAVIGATE, NAVIGATE, DOCUMENT],
        &[CROSS, ("sec-fetch-site", "none")],
    ] {
        assert!(!GET.takes(fields), "{fields:?}");
    }
    for method in [
        &Method::HEAD,
        &Method::OPTIONS,
        &Method::POST,
        &Method::DELETE,
    ] {
        let scene = Scene { method, ..GET };
        assert!(!scene.takes(&[CROSS, NAVIGATE, DOCUMENT]), "{method}");
    }
}

#[test]
fn a_get_that_acts_is_a_write() {
    for fields in [
        &[CROSS, NAVIGATE, DOCUMENT][..],
        &[
            CROSS,
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "image"),
        ],
        &[SAME, NAVIGATE, DOCUMENT],
        &[EVIL],
        &[("referer", "https://evil.example/page")],
        &[("referer", "https://evil.example/https://home.example.org/")],
        &[("referer", "http://home.example.org/")],
        &[("referer", "about:blank")],
    ] {
        assert!(!COMMAND.takes(fields), "{fields:?}");
        assert!(
            !Scene {
                guarded: false,
                ..COMMAND
            }
            .takes(fields),
            "{fields:?}"
        );
    }
    for fields in [
        &[("referer", "https://home.example.org/basicui/app?x")][..],
        &[SAME, ("referer", "https://home.example.org:8443/")],
        &[OWN],
    ] {
        assert!(COMMAND.takes(fields), "{fields:?}");
    }
}

#[test]
fn a_referer_decides_where_a_write_has_no_origin() {
    let evil = ("referer", "https://evil.example/");
    assert_eq!(POST.check(&[evil]), Err(CrossSite::Referer));
    assert!(POST.takes(&[("referer", "https://home.example.org/")]));
    assert!(POST.takes(&[OWN, evil]));
    assert!(GET.takes(&[evil]));
    assert!(!POST.takes(&[SAME]) && GET.takes(&[SAME]));
}

#[test]
fn a_websocket_is_always_judged() {
    let unknown = Method::from_bytes(b"BREW").unwrap();
    let unknown: &'static Method = Box::leak(Box::new(unknown));
    for scene in [
        SOCKET,
        Scene {
            guarded: false,
            ..SOCKET
        },
        Scene {
            method: unknown,
            ..GET
        },
    ] {
        assert!(!scene.takes(&[EVIL]));
        assert!(!scene.takes(&[CROSS, NAVIGATE, DOCUMENT]));
        assert!(scene.takes(&[OWN]) && scene.takes(&[]));
    }
}

#[test]
fn a_listed_origin_passes_as_the_own_origin_does() {
    let panel = ("referer", "https://panel.example.org/");
    for scene in [GET, POST, COMMAND, SOCKET] {
        assert!(scene.takes(&[PANEL, CROSS]) && scene.takes(&[PANEL]));
        assert!(scene.takes(&[("origin", "app://hub"), CROSS]));
        assert!(scene.takes(&[panel, CROSS]));
        assert!(!scene.takes(&[EVIL, CROSS, panel]));
    }
}

#[test]
fn every_page_may_read_a_place_without_a_factor_and_none_may_write() {
    for fields in [&[CROSS][..], &[EVIL], &[CROSS, EVIL]] {
        assert!(OPEN.takes(fields), "{fields:?}");
        assert!(
            !Scene {
                guarded: false,
                ..POST
            }
            .takes(fields),
            "{fields:?}"
        );
    }
}

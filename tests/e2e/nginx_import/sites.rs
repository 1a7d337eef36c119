//! The sites, and hubgate's intended differences in each.

use super::{
    IntendedDifference, compare, intended,
    pair::Pair,
    test_request::{self, TestRequest},
};

/// Everywhere.
const ALWAYS: &[IntendedDifference] = &[
    intended(
        "claimed address",
        "x-forwarded-for 10.0.0.1, 127.0.0.1 -> 127.0.0.1",
        CLAIMS,
    ),
    intended("claimed scheme", "x-forwarded-host evil.test -> ", CLAIMS),
];
const CLAIMS: &str =
    "openHAB trusts the first address of the field, so the client's own are dropped";

/// Differences if NGINX has one server for all names.
const STRANGE_HOST: &[IntendedDifference] = &[
    intended("unknown host", "status 200 -> 421", HOSTS),
    intended("unknown host", "hub hears it -> hears nothing", HOSTS),
];
const HOSTS: &str = "a page of the Internet can give its own name this address (DNS rebinding)";

/// Differences if NGINX does not forward upgrades.
const UPGRADE: &[IntendedDifference] = &[
    intended("websocket", "status 200 -> 101", WEBSOCKET),
    intended("websocket", "upgrade  -> websocket", WEBSOCKET),
];
const WEBSOCKET: &str = "openHAB needs WebSockets";

/// Differences if NGINX forwards the password.
const STRIPPED: &[IntendedDifference] = &[intended(
    "",
    "authorization Basic YW5uYTpzZWNyZXQ= -> ",
    "openHAB answers 401 to a password of the proxy's",
)];

/// Differences if NGINX has a location with a trailing slash.
const SLASH: &[IntendedDifference] = &[
    intended("at /static", "status 301 -> 401", LED_ON),
    intended("at /static", "status 301 -> 200", LED_ON),
    intended("at /static", "hub hears nothing -> hears it", LED_ON),
    intended(
        "at /static",
        "location https://home.test/static/ -> none",
        LED_ON,
    ),
    intended("at /red", "status 301 -> 401", LED_ON),
    intended("at /red", "status 301 -> 200", LED_ON),
    intended("at /red", "hub hears nothing -> hears it", LED_ON),
    intended("at /red", "location https://home.test/red/ -> none", LED_ON),
    intended("at /red/admin", "status 301 -> 403", LED_ON),
    intended(
        "at /red/admin",
        "location https://home.test/red/admin/ -> none",
        LED_ON,
    ),
];
const LED_ON: &str = "NGINX redirects to the path with the slash before it checks access; hubgate checks access \
     first, and leaves the redirect to the hub";

/// Differences if NGINX opens a location by a regular expression.
const EXPRESSION: &[IntendedDifference] = &[
    intended("at /favicon.ico", "status 200 -> 401", FITS),
    intended("at /favicon.ico", "hub hears it -> hears nothing", FITS),
];
const FITS: &str = "paths of hubgate's are no expressions; what cannot be said stays closed";

const NAMED: &str = "the app has a text for 495 and 496, none for 400";

/// Compares a site over TLS, and over plain HTTP if it listens there.
async fn secure(name: &str, clear: bool, wanted: &[&[IntendedDifference]]) {
    let mut requests = test_request::all(true, &[]);
    if clear {
        requests.push(TestRequest::get("in the clear", false, "/rest/items"));
    }
    site(name, requests, wanted).await;
}

async fn site(name: &str, requests: Vec<TestRequest>, wanted: &[&[IntendedDifference]]) {
    if let Some(pair) = Pair::start(name).await {
        compare(&pair, &requests, &[&[ALWAYS], wanted].concat().concat()).await;
    }
}

#[tokio::test]
async fn plain_without_password() {
    let claimed = intended(
        "claimed certificate",
        "x-ssl-client-verify SUCCESS -> ",
        CLAIMS,
    );
    site(
        "plain",
        test_request::all(false, &[]),
        &[STRANGE_HOST, UPGRADE, &[claimed]],
    )
    .await;
}

#[tokio::test]
async fn plain_with_password() {
    site(
        "plain_password",
        test_request::all(false, &[]),
        &[STRANGE_HOST, UPGRADE],
    )
    .await;
}

#[tokio::test]
async fn domain_with_certificate_and_password() {
    secure("domain", true, &[STRANGE_HOST, UPGRADE]).await;
}

#[tokio::test]
async fn certificate_of_its_own_and_any_name() {
    secure("self_signed", true, &[STRANGE_HOST, UPGRADE, STRIPPED]).await;
}

#[tokio::test]
async fn no_password_at_home() {
    secure("satisfy_any", true, &[STRANGE_HOST]).await;
}

#[tokio::test]
async fn home_but_for_one_device() {
    secure("all_but_one", false, &[STRANGE_HOST, UPGRADE]).await;
}

#[tokio::test]
async fn a_host_of_the_proxy_manager() {
    secure("proxy_manager", true, &[STRANGE_HOST]).await;
}

#[tokio::test]
async fn address_that_variables_judge() {
    let requests = test_request::all(true, &["/near/x", "/nearby"]);
    site("near", requests, &[STRANGE_HOST, UPGRADE]).await;
}

#[tokio::test]
async fn certificate_required() {
    let names = [
        intended("", "status 400 -> 496", NAMED),
        intended("strange certificate", "status 400 -> 495", NAMED),
        intended("revoked certificate", "status 400 -> 495", NAMED),
        intended("unknown host", "status 400 -> 421", HOSTS),
    ];
    if let Some(pair) = Pair::start("certificate").await {
        let mut requests = test_request::all(true, &[]);
        requests.push(TestRequest::get("in the clear", false, "/rest/items"));
        compare(&pair, &requests, &names).await;
    }
}

#[tokio::test]
async fn certificate_and_password_in_part() {
    const UNASKED: &str = "a wrong certificate is as none where none is needed";
    const SLASH: &str =
        "NGINX leads to /settings/, hubgate forwards to the hub, for the same certificate";
    let settings = [
        intended("/settings", "status 403 -> 496", NAMED),
        intended(
            "strange certificate at /settings",
            "status 400 -> 495",
            NAMED,
        ),
        intended(
            "strange certificate and password at /settings",
            "status 400 -> 495",
            NAMED,
        ),
        intended("strange certificate at /", "status 400 -> 401", UNASKED),
        intended(
            "strange certificate and password at /",
            "status 400 -> 200",
            UNASKED,
        ),
        intended(
            "strange certificate and password at /",
            "hub hears nothing -> hears it",
            UNASKED,
        ),
        intended(
            " at /settings",
            "location https://home.test/settings/ -> none",
            SLASH,
        ),
        intended(" at /settings", "status 301 -> 496", SLASH),
        intended("certificate at /settings", "status 301 -> 401", SLASH),
        intended(
            "certificate and password at /settings",
            "status 301 -> 200",
            SLASH,
        ),
        intended(
            "certificate and password at /settings",
            "hub hears nothing -> hears it",
            SLASH,
        ),
    ];
    let requests = test_request::all(true, &["/settings/x", "/settings"]);
    site(
        "certificate_in_part",
        requests,
        &[STRANGE_HOST, UPGRADE, STRIPPED, &settings],
    )
    .await;
}

#[tokio::test]
async fn several_hubs_by_host() {
    const LABEL: &str = "a * is one label, as in certificates";
    let hosts = [
        intended("a.b.guest.test", "status 200 -> 421", LABEL),
        intended("a.b.guest.test", "hub hears it -> hears nothing", LABEL),
        intended("a.b.guest.test", "status 403 -> 421", LABEL),
        intended("guest.test", "status 401 -> 421", HOSTS),
    ];
    let mut requests = test_request::all(true, &[]);
    for host in ["other.test", "a.guest.test", "a.b.guest.test", "guest.test"] {
        for from in ["127.0.0.1", "127.0.0.2"] {
            let request = TestRequest::get(&format!("{host} from {from}"), true, "/x");
            requests.push(request.host(host).from(from));
        }
    }
    site(
        "several_hosts",
        requests,
        &[STRANGE_HOST, UPGRADE, STRIPPED, &hosts],
    )
    .await;
}

#[tokio::test]
async fn devices_with_hosts_and_secrets_of_their_own() {
    let Some(pair) = Pair::start("devices").await else {
        return;
    };
    let claims = [
        ("X-User", "bert"),
        ("X-User", "anna"),
        ("X-Role", "admin"),
        ("X-Api-Key", "mine"),
        ("Origin", "https://home.test"),
        ("Cookie", "a=1"),
    ];
    let mut requests = test_request::all(true, &["/cam/x"]);
    for (name, value) in claims {
        for (host, path) in [
            ("home.test", "/x"),
            ("home.test", "/cam/x"),
            ("other.test", "/x"),
        ] {
            if name == "Origin" && host != "home.test" {
                continue;
            }
            let request = TestRequest::get(&format!("{name} at {host}{path}"), true, path);
            requests.push(request.host(host).anna().field(name, value));
        }
    }
    let wanted = [ALWAYS, UPGRADE, STRANGE_HOST].concat();
    compare(&pair, &requests, &wanted).await;
    let yaml = pair.yaml();
    assert!(
        !yaml.contains("s3cr3t") && !pair.report().contains("s3cr3t"),
        "{yaml}"
    );
}

#[tokio::test]
async fn several_hubs_by_path() {
    let paths = [
        "/static",
        "/staticx",
        "/red/x",
        "/red",
        "/red/admin/x",
        "/red/admin",
        "/exact",
        "/exact/x",
        "/closed/x",
        "/closed",
        "/favicon.ico",
        "/static/a.ico",
    ];
    let requests = test_request::all(true, &paths);
    let wanted = [STRANGE_HOST, UPGRADE, STRIPPED, SLASH, EXPRESSION];
    site("several_paths", requests, &wanted).await;
}

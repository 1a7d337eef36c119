//! The sites, and hubgate's intended differences in each.

use super::{
    Otherwise,
    asks::{self, Ask},
    compare, otherwise,
    pair::Pair,
};

/// Everywhere.
const ALWAYS: &[Otherwise] = &[
    otherwise(
        "claimed address",
        "x-forwarded-for 10.0.0.1, 127.0.0.1 -> 127.0.0.1",
        CLAIMS,
    ),
    otherwise("claimed scheme", "x-forwarded-host evil.test -> ", CLAIMS),
];
const CLAIMS: &str =
    "openHAB trusts the first address of the field, so the client's own are dropped";

/// Differences if NGINX has one server for all names.
const STRANGE_HOST: &[Otherwise] = &[
    otherwise("unknown host", "status 200 -> 421", HOSTS),
    otherwise("unknown host", "hub hears it -> hears nothing", HOSTS),
];
const HOSTS: &str = "a page of the Internet can give its own name this address (DNS rebinding)";

/// Differences if NGINX does not forward upgrades.
const UPGRADE: &[Otherwise] = &[
    otherwise("websocket", "status 200 -> 101", WEBSOCKET),
    otherwise("websocket", "upgrade  -> websocket", WEBSOCKET),
];
const WEBSOCKET: &str = "openHAB needs WebSockets";

/// Differences if NGINX forwards the password.
const STRIPPED: &[Otherwise] = &[otherwise(
    "",
    "authorization Basic YW5uYTpzZWNyZXQ= -> ",
    "openHAB answers 401 to a password of the proxy's",
)];

/// Differences if NGINX has a location with a trailing slash.
const SLASH: &[Otherwise] = &[
    otherwise("at /static", "status 301 -> 401", LED_ON),
    otherwise("at /static", "status 301 -> 200", LED_ON),
    otherwise("at /static", "hub hears nothing -> hears it", LED_ON),
    otherwise(
        "at /static",
        "location https://home.test/static/ -> none",
        LED_ON,
    ),
    otherwise("at /red", "status 301 -> 401", LED_ON),
    otherwise("at /red", "status 301 -> 200", LED_ON),
    otherwise("at /red", "hub hears nothing -> hears it", LED_ON),
    otherwise("at /red", "location https://home.test/red/ -> none", LED_ON),
    otherwise("at /red/admin", "status 301 -> 403", LED_ON),
    otherwise(
        "at /red/admin",
        "location https://home.test/red/admin/ -> none",
        LED_ON,
    ),
];
const LED_ON: &str = "NGINX redirects to the path with the slash before it checks access; hubgate checks access \
     first, and leaves the redirect to the hub";

/// Differences if NGINX opens a location by a regular expression.
const EXPRESSION: &[Otherwise] = &[
    otherwise("at /favicon.ico", "status 200 -> 401", FITS),
    otherwise("at /favicon.ico", "hub hears it -> hears nothing", FITS),
];
const FITS: &str = "paths of hubgate's are no expressions; what cannot be said stays closed";

const NAMED: &str = "the app has a text for 495 and 496, none for 400";

/// Compares a site over TLS, and over plain HTTP if it listens there.
async fn secure(name: &str, clear: bool, wanted: &[&[Otherwise]]) {
    let mut asks = asks::all(true, &[]);
    if clear {
        asks.push(Ask::get("in the clear", false, "/rest/items"));
    }
    site(name, asks, wanted).await;
}

async fn site(name: &str, asks: Vec<Ask>, wanted: &[&[Otherwise]]) {
    if let Some(pair) = Pair::start(name).await {
        compare(&pair, &asks, &[&[ALWAYS], wanted].concat().concat()).await;
    }
}

#[tokio::test]
async fn plain_without_password() {
    let claimed = otherwise(
        "claimed certificate",
        "x-ssl-client-verify SUCCESS -> ",
        CLAIMS,
    );
    site(
        "plain",
        asks::all(false, &[]),
        &[STRANGE_HOST, UPGRADE, &[claimed]],
    )
    .await;
}

#[tokio::test]
async fn plain_with_password() {
    site(
        "plain_password",
        asks::all(false, &[]),
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
    let asks = asks::all(true, &["/near/x", "/nearby"]);
    site("near", asks, &[STRANGE_HOST, UPGRADE]).await;
}

#[tokio::test]
async fn certificate_required() {
    let names = [
        otherwise("", "status 400 -> 496", NAMED),
        otherwise("strange certificate", "status 400 -> 495", NAMED),
        otherwise("revoked certificate", "status 400 -> 495", NAMED),
        otherwise("unknown host", "status 400 -> 421", HOSTS),
    ];
    if let Some(pair) = Pair::start("certificate").await {
        let mut asks = asks::all(true, &[]);
        asks.push(Ask::get("in the clear", false, "/rest/items"));
        compare(&pair, &asks, &names).await;
    }
}

#[tokio::test]
async fn certificate_and_password_in_part() {
    const UNASKED: &str = "a wrong certificate is as none where none is needed";
    const SLASH: &str = "NGINX leads to /settings/, hubgate asks the hub, for the same certificate";
    let settings = [
        otherwise("/settings", "status 403 -> 496", NAMED),
        otherwise(
            "strange certificate at /settings",
            "status 400 -> 495",
            NAMED,
        ),
        otherwise(
            "strange certificate and password at /settings",
            "status 400 -> 495",
            NAMED,
        ),
        otherwise("strange certificate at /", "status 400 -> 401", UNASKED),
        otherwise(
            "strange certificate and password at /",
            "status 400 -> 200",
            UNASKED,
        ),
        otherwise(
            "strange certificate and password at /",
            "hub hears nothing -> hears it",
            UNASKED,
        ),
        otherwise(
            " at /settings",
            "location https://home.test/settings/ -> none",
            SLASH,
        ),
        otherwise(" at /settings", "status 301 -> 496", SLASH),
        otherwise("certificate at /settings", "status 301 -> 401", SLASH),
        otherwise(
            "certificate and password at /settings",
            "status 301 -> 200",
            SLASH,
        ),
        otherwise(
            "certificate and password at /settings",
            "hub hears nothing -> hears it",
            SLASH,
        ),
    ];
    let asks = asks::all(true, &["/settings/x", "/settings"]);
    site(
        "certificate_in_part",
        asks,
        &[STRANGE_HOST, UPGRADE, STRIPPED, &settings],
    )
    .await;
}

#[tokio::test]
async fn several_hubs_by_host() {
    const LABEL: &str = "a * is one label, as in certificates";
    let hosts = [
        otherwise("a.b.guest.test", "status 200 -> 421", LABEL),
        otherwise("a.b.guest.test", "hub hears it -> hears nothing", LABEL),
        otherwise("a.b.guest.test", "status 403 -> 421", LABEL),
        otherwise("guest.test", "status 401 -> 421", HOSTS),
    ];
    let mut asks = asks::all(true, &[]);
    for host in ["other.test", "a.guest.test", "a.b.guest.test", "guest.test"] {
        for from in ["127.0.0.1", "127.0.0.2"] {
            let ask = Ask::get(&format!("{host} from {from}"), true, "/x");
            asks.push(ask.host(host).from(from));
        }
    }
    site(
        "several_hosts",
        asks,
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
    let mut asks = asks::all(true, &["/cam/x"]);
    for (name, value) in claims {
        for (host, path) in [
            ("home.test", "/x"),
            ("home.test", "/cam/x"),
            ("other.test", "/x"),
        ] {
            if name == "Origin" && host != "home.test" {
                continue;
            }
            let ask = Ask::get(&format!("{name} at {host}{path}"), true, path);
            asks.push(ask.host(host).anna().field(name, value));
        }
    }
    let wanted = [ALWAYS, UPGRADE, STRANGE_HOST].concat();
    compare(&pair, &asks, &wanted).await;
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
    let asks = asks::all(true, &paths);
    let wanted = [STRANGE_HOST, UPGRADE, STRIPPED, SLASH, EXPRESSION];
    site("several_paths", asks, &wanted).await;
}

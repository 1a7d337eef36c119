//! The ten sites, and where hubgate means to do otherwise in each.

use super::{
    Otherwise,
    asks::{self, Ask},
    compare,
    pair::Pair,
};

/// What is asked of a site over TLS, and in the clear of the same host.
fn secure(paths: &[&str]) -> Vec<Ask> {
    asks::all(true, paths)
}

#[tokio::test]
async fn plain_without_password() {
    let Some(pair) = Pair::start("plain").await else {
        return;
    };
    compare(&pair, &asks::all(false, &[]), &[]).await;
}

#[tokio::test]
async fn plain_with_password() {
    let Some(pair) = Pair::start("plain_password").await else {
        return;
    };
    compare(&pair, &asks::all(false, &[]), &[]).await;
}

#[tokio::test]
async fn domain_with_certificate_and_password() {
    let Some(pair) = Pair::start("domain").await else {
        return;
    };
    let mut asks = secure(&[]);
    asks.push(Ask::get("in the clear", false, "/rest/items"));
    compare(&pair, &asks, &[]).await;
}

#[tokio::test]
async fn certificate_of_its_own_and_any_name() {
    let Some(pair) = Pair::start("self_signed").await else {
        return;
    };
    let mut asks = secure(&[]);
    asks.push(Ask::get("in the clear", false, "/rest/items"));
    compare(&pair, &asks, &[]).await;
}

#[tokio::test]
async fn no_password_at_home() {
    let Some(pair) = Pair::start("satisfy_any").await else {
        return;
    };
    let mut asks = secure(&[]);
    asks.push(Ask::get("in the clear", false, "/rest/items"));
    compare(&pair, &asks, &[]).await;
}

#[tokio::test]
async fn home_but_for_one_device() {
    let Some(pair) = Pair::start("all_but_one").await else {
        return;
    };
    compare(&pair, &secure(&[]), &[]).await;
}

#[tokio::test]
async fn certificate_required() {
    let Some(pair) = Pair::start("certificate").await else {
        return;
    };
    let mut asks = secure(&[]);
    asks.push(Ask::get("in the clear", false, "/rest/items"));
    compare(&pair, &asks, &[]).await;
}

#[tokio::test]
async fn certificate_and_password_in_part() {
    let Some(pair) = Pair::start("certificate_in_part").await else {
        return;
    };
    compare(&pair, &secure(&["/settings/x", "/settings"]), &[]).await;
}

#[tokio::test]
async fn several_hubs_by_host() {
    let Some(pair) = Pair::start("several_hosts").await else {
        return;
    };
    let mut asks = secure(&[]);
    for host in ["other.test", "a.guest.test", "a.b.guest.test", "guest.test"] {
        for from in ["127.0.0.1", "127.0.0.2"] {
            asks.push(
                Ask::get(&format!("{host} from {from}"), true, "/x")
                    .host(host)
                    .from(from),
            );
        }
    }
    compare(&pair, &asks, &[]).await;
}

#[tokio::test]
async fn several_hubs_by_path() {
    let Some(pair) = Pair::start("several_paths").await else {
        return;
    };
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
    compare(&pair, &secure(&paths), &[]).await;
}

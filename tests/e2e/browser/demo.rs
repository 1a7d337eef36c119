//! A new user opens the link that `hubgate demo` printed.

use serde_json::json;

use super::{has_browser, run_script};
use crate::harness::Demo;

#[tokio::test]
async fn the_demo_is_live_in_a_browser_and_stays_so_after_a_reload() {
    if !has_browser() {
        return;
    }
    let demo = Demo::start(&["--stand-in", "--port", "0"]).await;
    let argument = json!({
        // A browser may try ::1 first, which not every machine has.
        "flags": ["--host-resolver-rules=MAP localhost 127.0.0.1"],
        "url": demo.printed("open"),
        "user": demo.printed("user"),
        "password": demo.printed("password"),
    });
    run_script("demo.mjs", &argument).await;
}

//! The clock: certificates are judged by it, and many small boards have none that runs on.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use time::OffsetDateTime;

use super::Finding;
use crate::tls::day;

/// What systemd-timesyncd writes once it has the time.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
/// How long timedatectl may take.
const PATIENCE: Duration = Duration::from_secs(2);

const CURE: &str = "set it by a time server: timedatectl set-ntp true";

/// Whether the time can be right.
pub(super) fn findings() -> Vec<Finding> {
    let made = env::current_exe().and_then(fs::metadata);
    let made = made.and_then(|it| it.modified()).ok();
    vec![finding(SystemTime::now(), made, synchronised)]
}

fn finding(
    now: SystemTime,
    made: Option<SystemTime>,
    synchronised: impl FnOnce() -> Option<bool>,
) -> Finding {
    let today = day(OffsetDateTime::from(now));
    if let Some(made) = made.filter(|made| now < *made) {
        let made = day(OffsetDateTime::from(made));
        let cause = format!("it says {today}, before this program was installed ({made})");
        return Finding::fail("clock", cause).cure(CURE);
    }
    match synchronised() {
        Some(true) => Finding::ok("clock", format!("{today}, by a time server")),
        Some(false) => {
            Finding::warn("clock", format!("{today}, but not by a time server")).cure(CURE)
        }
        None => Finding::ok("clock", format!("{today}; who set it is not known here")),
    }
}

fn synchronised() -> Option<bool> {
    if Path::new(SYNCHRONIZED).exists() {
        return Some(true);
    }
    let child = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    match &*output(child.ok()?)? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// What it printed, if it ended well and in time.
fn output(mut child: Child) -> Option<String> {
    let until = Instant::now() + PATIENCE;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > until {
            let _ = child.kill();
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_clock_before_the_program_itself_is_wrong() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(86400);
        let found = finding(now, Some(SystemTime::now()), || Some(true));
        assert_eq!(found.level, Level::Fail);
        assert!(found.cause.contains("2 January 1970"), "{found:?}");
    }

    #[test]
    fn a_clock_that_nobody_sets_is_told() {
        let level = |by| finding(SystemTime::now(), None, || by).level;
        assert_eq!(level(Some(true)), Level::Ok);
        assert_eq!(level(Some(false)), Level::Warn);
        assert_eq!(level(None), Level::Ok);
    }
}

//! The clock, by which certificates are verified; many small boards have none that runs on.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use time::OffsetDateTime;

use super::Finding;
use crate::tls::date;

/// The file of systemd-timesyncd that marks a synchronized clock.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
/// The longest run of timedatectl.
const TIMEOUT: Duration = Duration::from_secs(2);

const CURE: &str = "set it by a time server: timedatectl set-ntp true";

/// The time, and a time that lies in the past.
pub(super) struct Clock {
    now: SystemTime,
    /// The time at which this program was installed.
    installed: Option<SystemTime>,
}

impl Clock {
    /// Reads the clock.
    pub(super) fn read() -> Self {
        let program = env::current_exe().and_then(fs::metadata);
        Self {
            now: SystemTime::now(),
            installed: program.and_then(|metadata| metadata.modified()).ok(),
        }
    }

    /// Reports whether the time can be right.
    pub(super) fn finding(&self) -> Finding {
        self.check(is_synchronized)
    }

    fn check(&self, is_synchronized: impl FnOnce() -> Option<bool>) -> Finding {
        let today = date(OffsetDateTime::from(self.now));
        if let Some(installed) = self.installed.filter(|installed| self.now < *installed) {
            let installed = date(OffsetDateTime::from(installed));
            let cause =
                format!("it shows {today}, before this program was installed ({installed})");
            return Finding::fail("clock", cause).cure(CURE);
        }
        match is_synchronized() {
            Some(true) => Finding::ok("clock", format!("{today}, set by a time server")),
            Some(false) => {
                Finding::warn("clock", format!("{today}, but not set by a time server")).cure(CURE)
            }
            None => Finding::ok("clock", format!("{today}; its source is unknown here")),
        }
    }
}

/// Reports whether a time server sets the clock; none where that is unknown.
fn is_synchronized() -> Option<bool> {
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

/// Returns the output of a program that succeeds in time.
fn output(mut child: Child) -> Option<String> {
    let deadline = Instant::now() + TIMEOUT;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > deadline {
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

    fn finding(installed: Option<SystemTime>, synchronized: Option<bool>) -> Finding {
        let now = SystemTime::now();
        Clock { now, installed }.check(|| synchronized)
    }

    #[test]
    fn a_clock_before_the_installation_of_the_program_is_wrong() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(86400);
        let installed = Some(SystemTime::now());
        let found = Clock { now, installed }.check(|| Some(true));
        assert_eq!(found.level, Level::Fail);
        assert!(found.cause.contains("2 January 1970"), "{found:?}");
    }

    #[test]
    fn a_clock_without_a_time_server_is_a_warning() {
        assert_eq!(finding(None, Some(true)).level, Level::Ok);
        assert_eq!(finding(None, Some(false)).level, Level::Warn);
        assert_eq!(finding(None, None).level, Level::Ok);
    }
}

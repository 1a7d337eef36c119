//! Measures a stop by SIGTERM: until its handling, and until all processes have ended.

use std::{
    collections::BTreeSet,
    fmt::{self, Display},
    fs,
    time::{Duration, Instant},
};

use tokio::net::TcpStream;

use super::{super::eventually, Hubgate};

/// Time in which a stop ends the process and all that it started.
const LONGEST: Duration = Duration::from_secs(20);
/// The same with a margin, so that a slow stop has its figure.
const WATCHED: Duration = Duration::from_secs(40);
/// Time in which a busy machine delivers a signal.
const NOTICED: Duration = Duration::from_secs(3);
/// Time in which the system removes a killed process.
const REAPED: Duration = Duration::from_secs(2);

/// The course of a stop.
pub struct Stop {
    /// Until no new connection was accepted.
    noticed: Duration,
    /// Until the process had ended.
    ended: Duration,
    /// Processes that it started.
    started: usize,
}

impl Hubgate {
    /// Stops the process by SIGTERM.
    ///
    /// # Panics
    /// If hubgate fails, does not end, or leaves a process behind.
    pub async fn stop(&mut self) -> Stop {
        let (begin, address) = (Instant::now(), self.https());
        let mut started = descendants(self.process());
        self.terminate();
        eventually(WATCHED, "no new connection is accepted", async || {
            TcpStream::connect(address).await.is_err()
        })
        .await;
        let noticed = begin.elapsed();
        started.extend(descendants(self.process()));
        eventually(WATCHED, "hubgate ends", async || self.status().is_some()).await;
        let ended = begin.elapsed();
        assert!(self.status().unwrap().success());
        eventually(REAPED, "no process is left behind", async || {
            !started.iter().any(|process| runs(*process))
        })
        .await;
        let started = started.len();
        Stop {
            noticed,
            ended,
            started,
        }
    }
}

impl Stop {
    /// # Panics
    /// If hubgate handled the signal late, or ended after more than 20 seconds.
    pub fn must_be_timely(&self) {
        assert!(self.noticed < NOTICED, "{self}");
        assert!(self.ended < LONGEST, "{self}");
    }
}

impl Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [noticed, ended] = [self.noticed, self.ended].map(|time| time.as_secs_f64());
        let started = self.started;
        write!(
            out,
            "SIGTERM noticed after {noticed:.2} s, ended after {ended:.2} s with {started} processes"
        )
    }
}

/// The processes that a process has started, and those that they have.
pub(super) fn descendants(process: u32) -> BTreeSet<u32> {
    let mut all = BTreeSet::from([process]);
    let parents = parents();
    loop {
        let children = parents.iter().filter(|(_, parent)| all.contains(parent));
        let children: Vec<_> = children.map(|(child, _)| *child).collect();
        let before = all.len();
        all.extend(children);
        if all.len() == before {
            break;
        }
    }
    all.remove(&process);
    all
}

/// Each process of the machine with its parent.
fn parents() -> Vec<(u32, u32)> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parent = |process| Some((process, field(process, "PPid:")?.parse().ok()?));
    numbers.filter_map(parent).collect()
}

fn runs(process: u32) -> bool {
    field(process, "State:").is_some_and(|state| !state.starts_with('Z'))
}

fn field(process: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}

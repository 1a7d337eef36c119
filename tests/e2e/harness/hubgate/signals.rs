//! Signals to the running program, and the state of its processes.

use std::{
    process::ExitStatus,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{
    super::{DEADLINE, eventually},
    Hubgate,
    stop::descendants,
};

/// The old process's log line about the new one.
const TAKEN_OVER: &str = "has taken over";
/// The log line of a process that serves.
const READY: &str = "INFO ready on";

/// Time from SIGTERM to SIGKILL: short, since the test's own clients, still connected, do not read
/// hubgate's goodbye.
const GRACE: Duration = Duration::from_millis(300);

impl Hubgate {
    /// Requests a reload by SIGHUP.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// The time that the process has spent computing.
    pub fn cpu_time(&self) -> Duration {
        let stat = format!("/proc/{}/stat", self.first().as_raw_nonzero());
        let stat = std::fs::read_to_string(stat).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Requests a hand-over to a new process by SIGUSR2.
    pub fn hand_over(&self) {
        self.signal(Signal::USR2);
    }

    /// Sends the signal of a name or number, as `kill` knows it.
    pub fn sends(&self, signal: &str) {
        let pid = self.first().as_raw_nonzero().to_string();
        super::super::foreign("sh", &["-c", &format!("kill -{signal} {pid}")]).succeeded();
    }

    /// Sends SIGUSR1, which is logged and ignored; the time to its line in the journal.
    pub async fn answers_a_signal(&self) -> Duration {
        let (begin, printed) = (Instant::now(), self.output.count());
        self.signal(Signal::USR1);
        eventually(DEADLINE, "the signal is logged", async || {
            self.output.has_since(printed, "SIGUSR1 is ignored")
        })
        .await;
        begin.elapsed()
    }

    /// Requests a shutdown by SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGTERM to the first process, even after a hand-over.
    pub fn terminate_first(&self) {
        let _ = kill_process(self.first(), Signal::TERM);
    }

    /// Hands over, and waits until the new process has taken over: from now on it is signalled.
    pub async fn take_over(&mut self) {
        self.hand_over();
        self.is_taken_over(1).await;
    }

    /// Hands over, and lets the new process hand over before it has taken over.
    pub async fn take_over_twice(&mut self) {
        // The line of the first process may not have been read yet.
        let processes = 1 + self.successors.len();
        self.hand_over();
        eventually(DEADLINE, "the new process is ready", async || {
            self.output.lines_with(READY).len() > processes
        })
        .await;
        for process in descendants(self.process()) {
            let process = Pid::from_raw(process.cast_signed()).unwrap();
            kill_process(process, Signal::USR2).unwrap();
        }
        self.is_taken_over(2).await;
    }

    /// Waits until as many new processes have taken over.
    async fn is_taken_over(&mut self, times: usize) {
        let expected = self.successors.len() + times;
        eventually(DEADLINE, "a process takes over", async || {
            self.output.lines_with(TAKEN_OVER).len() >= expected
        })
        .await;
        let lines = self.output.lines_with(TAKEN_OVER);
        self.successors
            .extend(lines[expected - times..].iter().map(|line| {
                let mut words = line.split(' ').skip_while(|word| *word != "process");
                Pid::from_raw(words.nth(1).unwrap().parse().unwrap()).unwrap()
            }));
    }

    /// Waits until the program has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        eventually(DEADLINE, "hubgate ends", async || self.status().is_some()).await;
        self.status().unwrap()
    }

    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub(super) fn signal(&self, signal: Signal) {
        let newest = self.successors.last().copied();
        let _ = kill_process(newest.unwrap_or_else(|| self.first()), signal);
    }

    fn first(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed()).unwrap()
    }

    pub(super) fn end(&mut self) {
        let limit = Instant::now() + GRACE;
        self.terminate();
        while self.is_running() && Instant::now() < limit {
            thread::sleep(Duration::from_millis(5));
        }
        for pid in self.successors.drain(..) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Returns true while the newest process runs.
    pub(super) fn is_running(&mut self) -> bool {
        match self.successors.last() {
            Some(pid) => test_kill_process(*pid).is_ok(),
            None => self.status().is_none(),
        }
    }
}

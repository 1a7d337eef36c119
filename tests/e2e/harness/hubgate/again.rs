//! A program that was killed and starts again on the same folder and ports.

use rustix::process::Signal;

use super::{Hubgate, Output, running};
use crate::harness::command::inheriting;

impl Hubgate {
    /// Kills the newest process as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end();
    }

    /// Starts it once more after [`Hubgate::kill`]; what it printed before is kept apart.
    ///
    /// It waits until both ports listen, as [`crate::harness::Setup::start`] does.
    pub async fn start_again(&mut self) {
        self.launch_again();
        for address in [self.http(), self.https()] {
            self.listens(address).await;
        }
    }

    /// Starts it with one more variable in its environment, from now on.
    pub fn variable(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Starts it once more, which may refuse to run.
    pub fn launch_again(&mut self) {
        let mut command = inheriting(&self.folder.path().join("hubgate"), Vec::new());
        self.child = running(&mut command, &self.environment, self.folder.path());
        let new = Output::capture(&mut self.child);
        let mut old = std::mem::replace(&mut self.output, new);
        self.before = format!("{}{}\n", self.before, old.finish());
    }
}

//! The steps of something that takes its time, for whoever watches: the log and a terminal.

use tokio::sync::mpsc;
use tracing::info;

/// A step of something that takes its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What was done, or is waited for.
    Told(String),
    /// It has come to a good end.
    Done,
    /// It has not, and why.
    Failed(String),
}

/// Where the steps are told: in the log, and to who listens.
#[derive(Clone, Debug, Default)]
pub struct Teller(Option<mpsc::UnboundedSender<Step>>);

/// The steps, one after the other, until [`Step::Done`] or [`Step::Failed`].
#[derive(Debug)]
pub struct Steps(mpsc::UnboundedReceiver<Step>);

/// A teller and the steps that it will tell.
#[must_use]
pub fn channel() -> (Teller, Steps) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Teller(Some(sender)), Steps(receiver))
}

impl Teller {
    /// Tells a step of what is named; never waits.
    pub fn tell(&self, name: &str, step: &str) {
        let step = format!("{name}: {step}");
        info!("{step}");
        self.send(Step::Told(step));
    }

    /// Tells who listens that it has come to a good end.
    pub fn done(&self) {
        self.send(Step::Done);
    }

    /// Tells who listens that it has not, and why.
    pub fn failed(&self, sentence: String) {
        self.send(Step::Failed(sentence));
    }

    fn send(&self, step: Step) {
        // Who has stopped listening misses nothing.
        let _ = self.0.as_ref().map(|listener| listener.send(step));
    }
}

impl Steps {
    /// The next step; none when the way was left without an end.
    pub async fn next(&mut self) -> Option<Step> {
        self.0.recv().await
    }
}

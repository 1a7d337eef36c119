//! The steps of a certificate's way, for whoever watches: the log and a terminal.

use tokio::sync::mpsc;

/// A step of a certificate's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What was done, or is waited for.
    Told(String),
    /// It has come to a good end.
    Done,
    /// It has not, and why.
    Failed(String),
}

/// Where steps are told; telling never waits, and nobody has to listen.
#[derive(Clone, Debug, Default)]
pub struct Teller(Vec<mpsc::UnboundedSender<Step>>);

/// The steps of one way, until [`Step::Done`] or [`Step::Failed`].
#[derive(Debug)]
pub struct Steps(mpsc::UnboundedReceiver<Step>);

/// A teller and the steps that it will tell.
#[must_use]
pub fn channel() -> (Teller, Steps) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Teller(vec![sender]), Steps(receiver))
}

impl Teller {
    /// Tells a step to all who listen.
    pub fn tell(&self, step: &Step) {
        for listener in &self.0 {
            // Who has stopped listening misses nothing.
            let _ = listener.send(step.clone());
        }
    }

    /// Lets those who listen to `other` hear this teller's steps.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl Steps {
    /// The next step; none when the way was left without an end.
    pub async fn next(&mut self) -> Option<Step> {
        self.0.recv().await
    }
}

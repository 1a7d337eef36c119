//! Progress of a long operation: each step goes to the journal and to a waiting command.

use tokio::sync::mpsc;
use tracing::info;

/// A step of a long operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A completed action or a wait.
    Told(String),
    /// The operation succeeded.
    Done,
    /// The operation failed, for this reason.
    Failed(String),
}

/// Reports steps to the journal and, if one exists, to the receiver.
#[derive(Clone, Debug, Default)]
pub struct ProgressSender(Option<mpsc::UnboundedSender<Step>>);

/// Receives the steps up to [`Step::Done`] or [`Step::Failed`].
#[derive(Debug)]
pub struct ProgressReceiver(mpsc::UnboundedReceiver<Step>);

/// Creates a reporter with its receiver.
#[must_use]
pub fn channel() -> (ProgressSender, ProgressReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (ProgressSender(Some(sender)), ProgressReceiver(receiver))
}

impl ProgressSender {
    /// Reports a step of the named object; never waits.
    pub fn report(&self, name: &str, step: &str) {
        let step = format!("{name}: {step}");
        info!("{step}");
        self.send(Step::Told(step));
    }

    /// Reports success to the receiver.
    pub fn done(&self) {
        self.send(Step::Done);
    }

    /// Reports a failure to the receiver.
    pub fn failed(&self, sentence: String) {
        self.send(Step::Failed(sentence));
    }

    fn send(&self, step: Step) {
        // Fails if the receiver was dropped, that is, the command has ended.
        let _ = self.0.as_ref().map(|sender| sender.send(step));
    }
}

impl ProgressReceiver {
    /// Returns the next step; none if the operation ended without a result.
    pub async fn next(&mut self) -> Option<Step> {
        self.0.recv().await
    }
}

//! Verdicts on one chain, remembered for as long as they hold.

use std::{
    sync::{Arc, Weak},
    time::SystemTime,
};

use tokio::{sync::watch, task::spawn_blocking};

use super::{ClientAuth, ClientCa, ClientChain, span::Span};

/// The verdict of one CA on a chain, and how long it holds.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) auth: ClientAuth,
    pub(super) span: Span,
}

/// The verdicts on one chain: one per CA, with the generation of the files it rests on.
#[derive(Default)]
pub(super) struct Verdicts(Vec<Entry>);

/// A judgement that others wait for.
pub(super) type Underway = watch::Receiver<Option<Verdict>>;

struct Entry {
    ca: Weak<ClientCa>,
    generation: u64,
    state: State,
}

enum State {
    Known(Verdict),
    Underway(Underway),
}

impl Verdicts {
    /// The verdict of a CA if it holds now.
    pub(super) fn current(&self, ca: &Arc<ClientCa>, now: SystemTime) -> Option<ClientAuth> {
        match &self.entry(ca)?.state {
            State::Known(verdict) => verdict.at(now),
            State::Underway(underway) => underway.borrow().as_ref()?.at(now),
        }
    }

    /// Remembers a verdict by the files of a generation.
    pub(super) fn keep(&mut self, ca: &Arc<ClientCa>, generation: u64, verdict: Verdict) {
        self.set(ca, generation, State::Known(verdict));
    }

    /// The judgement of a CA that is under way, or a new one.
    pub(super) fn begin(&mut self, chain: &Arc<ClientChain>, ca: &Arc<ClientCa>) -> Underway {
        if let Some(State::Underway(underway)) = self.entry(ca).map(|it| &it.state) {
            let is_made = underway.borrow().is_some();
            if !is_made && underway.has_changed().is_ok() {
                return underway.clone();
            }
        }
        let generation = ca.generation();
        let (made, underway) = watch::channel(None);
        tokio::spawn(judge(Arc::downgrade(chain), ca.clone(), made));
        self.set(ca, generation, State::Underway(underway.clone()));
        underway
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn entry(&self, ca: &Arc<ClientCa>) -> Option<&Entry> {
        let generation = ca.generation();
        let mut all = self.0.iter();
        all.find(|it| it.ca.as_ptr() == Arc::as_ptr(ca) && it.generation == generation)
    }

    /// Forgets the CAs of configurations that are no more.
    fn set(&mut self, ca: &Arc<ClientCa>, generation: u64, state: State) {
        let is_other = |it: &Entry| it.ca.as_ptr() != Arc::as_ptr(ca);
        self.0.retain(|it| is_other(it) && it.ca.strong_count() > 0);
        self.0.push(Entry {
            ca: Arc::downgrade(ca),
            generation,
            state,
        });
    }
}

impl Verdict {
    fn at(&self, now: SystemTime) -> Option<ClientAuth> {
        self.span.contains(now).then(|| self.auth.clone())
    }
}

/// Judges when it is this chain's turn, unless its connection has gone by then.
async fn judge(chain: Weak<ClientChain>, ca: Arc<ClientCa>, made: watch::Sender<Option<Verdict>>) {
    let _turn = ca.turn().await;
    let Some(chain) = chain.upgrade() else {
        return;
    };
    let judging = spawn_blocking({
        let ca = ca.clone();
        move || chain.judge(&ca, SystemTime::now())
    });
    if let Ok(verdict) = judging.await {
        made.send_replace(Some(verdict));
    }
}

//! Every descriptor that hubgate uses made slow or stuck in turn, while a site that needs none of
//! them is visited: its visitors do not notice, and signals are answered.
//!
//! With `HUBGATE_PLAYER=SECONDS` the faults go round for so long, and a table is printed after each
//! round (`--nocapture`).

mod fixture;
mod latency_probe;
mod report;

use std::time::{Duration, Instant};

use tokio::time::sleep;

use self::{
    fixture::{FAULTS, Fault, Fixture},
    latency_probe::LatencyProbe,
    report::Figures,
};

/// Longest handling of a request or signal on a busy machine; waiting for a fault takes longer.
const LIMIT: Duration = Duration::from_secs(3);
/// Duration of each fault; in a long run it exceeds the deadline of a file.
const SHORT: Duration = Duration::from_millis(600);
const LONG: Duration = Duration::from_secs(7);

/// Returns the duration of all rounds and of each fault.
fn plan() -> (Duration, Duration) {
    let seconds = std::env::var("HUBGATE_PLAYER").ok();
    match seconds.and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => (Duration::from_secs(seconds), LONG),
        None => (Duration::ZERO, SHORT),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_sites_are_served_and_signals_handled_in_any_stuck_state() {
    let (whole, each) = plan();
    let mut fixture = Fixture::new().await;
    let mut all: Vec<_> = FAULTS.iter().map(|fault| Figures::new(*fault)).collect();
    let begin = Instant::now();
    loop {
        for (figures, fault) in all.iter_mut().zip(FAULTS) {
            play(&mut fixture, *fault, each, figures).await;
        }
        report::print(&all);
        if begin.elapsed() >= whole {
            break;
        }
    }
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
}

/// A while without the fault, and as long with it; the files change and are read in both.
async fn play(fixture: &mut Fixture, fault: Fault, each: Duration, figures: &mut Figures) {
    let witness = LatencyProbe::start(&fixture.gate);
    fixture.change();
    fixture.gate.reload();
    sleep(each).await;
    let without = witness.end().await;
    let witness = LatencyProbe::start(&fixture.gate);
    fixture.begin(fault).await;
    sleep(each).await;
    let signal = match fault.is_of_output() {
        true => None,
        false => Some(fixture.gate.answers_a_signal().await),
    };
    let with = witness.end().await;
    fixture.end();
    figures.add(without, with, signal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_the_process_in_any_stuck_state() {
    for fault in FAULTS {
        let mut fixture = Fixture::new().await;
        fixture.begin(*fault).await;
        let stop = fixture.gate.stop().await;
        println!("{fault:?}: {stop}");
        stop.must_be_timely();
    }
}

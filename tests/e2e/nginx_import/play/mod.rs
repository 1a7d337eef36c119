//! Random sites in NGINX and hubgate: hubgate forwards no request that NGINX does not.
//!
//! `scripts/fuzz nginx_play` plays more of them, by `HUBGATE_PLAY_SITES` and `HUBGATE_PLAY_SEED`.
//! Each finding is shrunk as far as possible.

mod client;
mod equal;
mod grammar;
mod hubs;
mod node;
mod pair;
mod processes;
mod random;
mod requests;

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use self::{
    client::Certificates,
    grammar::Grammar,
    hubs::Hubs,
    node::Node,
    pair::{Fixture, Outcome, Weakness},
    random::Random,
    requests::Request,
};
use super::nginx;

/// Sites that CI plays, and their seed.
const SITES: u64 = 200;
const SEED: u64 = 16;
/// Sites that are played at the same time.
const THREADS: usize = 2;
/// Sites that a finding is tried as while it is made smaller.
const TRIALS: usize = 400;

/// Results of all sites.
#[derive(Default)]
struct Totals {
    stopped: u64,
    unplayable: Vec<String>,
    played: u64,
    reached: usize,
    found: Vec<String>,
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .map_or(default, |text| text.parse().unwrap())
}

#[test]
fn no_random_site_is_weaker_than_in_nginx() {
    if !nginx::is_there() {
        return;
    }
    let (sites, seed) = (
        number("HUBGATE_PLAY_SITES", SITES),
        number("HUBGATE_PLAY_SEED", SEED),
    );
    let first = number("HUBGATE_PLAY_FIRST", 0);
    let (hubs, certificates) = (Hubs::start(), Certificates::new());
    let (next, totals) = (AtomicU64::new(first), Mutex::new(Totals::default()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut fixture = Fixture::new(&hubs, &certificates);
                loop {
                    let site = next.fetch_add(1, Ordering::Relaxed);
                    if site >= first + sites {
                        break;
                    }
                    play(&mut fixture, seed, site, &totals);
                }
            });
        }
    });
    let totals = totals.into_inner().unwrap();
    let summary = format!(
        "{sites} sites of seed {seed}: {} played with {} requests at a hub, {} stopped, {} not playable, {} weaker",
        totals.played,
        totals.reached,
        totals.stopped,
        totals.unplayable.len(),
        totals.found.len()
    );
    eprintln!("{summary}");
    assert!(
        totals.found.is_empty(),
        "{summary}\n{}",
        totals.found.join("\n")
    );
    assert!(
        totals.played * 4 > sites && totals.reached > 0,
        "{summary}\n{}",
        totals.unplayable.join("\n")
    );
}

fn play(fixture: &mut Fixture<'_>, seed: u64, nth: u64, totals: &Mutex<Totals>) {
    let site = Grammar::site(Random::new(seed, nth));
    let requests = requests::all(&site, Random::new(seed.wrapping_add(1), nth));
    let played = fixture.play(&site, &requests);
    let weakness = {
        let mut totals = totals.lock().unwrap();
        match played {
            Outcome::Stopped(why) => {
                totals.stopped += 1;
                return log(nth, "stopped", &why);
            }
            Outcome::Unplayable(why) => {
                log(nth, "unplayable", &why);
                return totals.unplayable.push(why);
            }
            Outcome::Equal(reached) => {
                totals.played += 1;
                totals.reached += reached;
                return;
            }
            Outcome::Weaker(weakness) => weakness,
        }
    };
    let (site, weakness) = shrink(fixture, site, *weakness);
    let found = format!(
        "--- site {nth} of seed {seed}\n{}\n{}",
        node::text(&site),
        describe(&weakness)
    );
    eprintln!("{found}");
    totals.lock().unwrap().found.push(found);
}

fn log(nth: u64, what: &str, why: &str) {
    if env::var_os("HUBGATE_PLAY_LOG").is_some() {
        eprintln!("site {nth} {what}: {why}");
    }
}

/// Leaves out one directive after the other, as long as the request still passes.
fn shrink(fixture: &mut Fixture<'_>, site: Vec<Node>, weakness: Weakness) -> (Vec<Node>, Weakness) {
    let (mut site, mut weakness, mut trials) = (site, weakness, 0);
    loop {
        let request: Vec<Request> = vec![weakness.request.clone()];
        let smaller = node::smaller(&site).into_iter().find_map(|smaller| {
            trials += 1;
            if trials > TRIALS {
                return None;
            }
            match fixture.play(&smaller, &request) {
                Outcome::Weaker(weakness) => Some((smaller, *weakness)),
                _ => None,
            }
        });
        match smaller {
            Some(found) => (site, weakness) = found,
            None => return (site, weakness),
        }
    }
}

fn describe(weakness: &Weakness) -> String {
    let Weakness {
        request,
        ours,
        theirs,
        status,
        yaml,
    } = weakness;
    format!(
        "{request:?}\nhubgate's hub received {ours:?}\nNGINX answered {status}, its hub received {theirs:?}\n{yaml}"
    )
}

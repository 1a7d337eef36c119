//! hubgate, Caddy and certbot with a faulty CA: the table of docs/certificates.md.
//!
//! Run by `tests/acme-faults`, because it takes minutes and needs both programs.

mod acme_program;
mod cases;

use std::{fs, path::Path, time::Duration};

use futures_util::{StreamExt, future::join_all, stream};

use self::{
    acme_program::{AcmeProgram, Outcome},
    cases::{Case, cases},
};
use crate::acme::program::has_programs;

/// The time for which each is watched.
const WATCHED: Duration = Duration::from_secs(70);
/// Cases at a time.
const AT_A_TIME: usize = 6;
const BEGIN: &str = "<!-- made by tests/acme-faults -->\n";
const END: &str = "<!-- end -->\n";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; run by tests/acme-faults"]
async fn hubgate_gets_the_certificate_whenever_caddy_or_certbot_does() {
    if !has_programs(&["caddy", "certbot"]) {
        return;
    }
    let wanted = std::env::var("HUBGATE_CASE").unwrap_or_default();
    let chosen = cases()
        .into_iter()
        .filter(|case| case.name.contains(&wanted));
    let rows = stream::iter(chosen).map(row).buffered(AT_A_TIME);
    let rows: Vec<_> = rows.collect().await;
    let table: String = rows.iter().map(|(line, _)| line.as_str()).collect();
    println!("{table}");
    if wanted.is_empty() && std::env::var_os("HUBGATE_WRITE").is_some() {
        write(&table);
    }
    let behind: Vec<_> = rows.iter().filter_map(|(_, behind)| *behind).collect();
    assert!(behind.is_empty(), "behind: {behind:?}");
}

/// A line of the table, and the case's name if hubgate got no certificate where another did.
async fn row(case: Case) -> (String, Option<&'static str>) {
    let outcomes = join_all(AcmeProgram::ALL.map(|program| program.play(&case))).await;
    let log: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.logged(case.cause))
        .map(|outcome| outcome.program.name())
        .collect();
    let log = match (case.cause.is_empty(), log.is_empty()) {
        (true, _) => "-".to_owned(),
        (_, true) => "nothing".to_owned(),
        _ => log.join(", "),
    };
    let cells: Vec<_> = outcomes.iter().map(Outcome::cell).collect();
    let line = format!("| {} | {} | {log} |\n", case.name, cells.join(" | "));
    let [hubgate, others @ ..] = &outcomes[..] else {
        panic!("three contestants");
    };
    let has_other = others.iter().any(|other| other.after.is_some());
    let is_behind = hubgate.after.is_none() && has_other && !case.is_refused;
    (line, is_behind.then_some(case.name))
}

fn write(table: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/certificates.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (old, after) = rest.split_once(END).unwrap();
    let head: String = old.split_inclusive('\n').take(2).collect();
    fs::write(file, format!("{before}{BEGIN}{head}{table}{END}{after}")).unwrap();
}

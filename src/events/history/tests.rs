use std::net::{IpAddr, Ipv4Addr};

use time::Duration as Span;

use super::*;
use crate::events::{
    event::{Event, Refusal},
    factors::Factors,
    reason::Reason,
    visit::{RefusedRequest, Visit},
};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn history() -> History {
    let history = History::default();
    history.keep_addresses(Some(Duration::from_secs(30 * 86400)));
    history
}

fn visit(user: &str, at: OffsetDateTime) -> Queued {
    Queued::Visit(Visit {
        at,
        site: "home.test".into(),
        user: (!user.is_empty()).then(|| user.to_owned()),
        device: None,
        address: ADDRESS,
        factors: Factors::from_number(4),
        agent: String::new(),
    })
}

fn refused(at: OffsetDateTime) -> Queued {
    Queued::Refused(RefusedRequest {
        at,
        refusal: Refusal {
            site: Some("home.test".into()),
            address: Some(ADDRESS),
            reason: Reason::Network,
            detail: None,
            status: 403,
            host: "home.test".into(),
            method: "GET".into(),
            path: "/".into(),
            agent: String::new(),
            times: 1,
            first: at,
        },
    })
}

fn entries(history: &History) -> Vec<String> {
    history.read(|records| {
        let entries = records.entries.iter();
        entries
            .map(|(_, entry)| entry.user.clone().unwrap_or_default())
            .collect()
    })
}

#[test]
fn a_visit_is_an_entry_once_and_the_first_one_is_a_newcomer() {
    let history = history();
    let kinds = |records: Vec<Record>| {
        let kinds = records.into_iter().map(|record| match record.event {
            Event::Entry(_) => "entry",
            Event::Newcomer(newcomer) if newcomer.is_known => "new network",
            Event::Newcomer(_) => "newcomer",
            _ => "other",
        });
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(history.record(visit("anna", now()))),
        ["entry", "newcomer"]
    );
    let next = now() + Span::minutes(1);
    assert!(kinds(history.record(visit("anna", next))).is_empty());
    assert_eq!(kinds(history.record(visit("", next))), ["entry"]);
    assert_eq!(entries(&history), ["anna", ""]);
}

#[test]
fn refusals_of_one_client_for_one_reason_are_one() {
    let history = history();
    for minute in 0..100 {
        history.record(refused(now() + Span::minutes(minute)));
    }
    history.record(refused(now() + Span::hours(9)));
    let times: Vec<_> = history.read(|records| {
        let refusals = records.refusals.iter();
        refusals.map(|(_, refusal)| refusal.times).collect()
    });
    assert_eq!(times, [100, 1]);
}

#[test]
fn without_addresses_names_and_counts_stay() {
    let history = history();
    history.record(visit("anna", now()));
    history.record(visit("", now()));
    history.record(refused(now()));
    history.keep_addresses(None);
    history.record(visit("", now() + Span::hours(1)));
    history.collect(&SiteTable::default(), now());
    history.read(|records| {
        let latest = records.visitors.latest();
        assert_eq!(latest.len(), 1);
        assert_eq!(latest[0].0.name, "anna");
        assert!(latest[0].1.address.is_none() && latest[0].1.networks.is_empty());
        assert!(
            records
                .entries
                .iter()
                .all(|(_, entry)| entry.address.is_none())
        );
        assert!(
            records
                .refusals
                .iter()
                .all(|(_, refusal)| refusal.address.is_none())
        );
    });
}

#[test]
fn both_processes_of_a_hand_over_count_and_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let file = HistoryFile::new(folder.path());
    let old = history();
    old.record(visit("before", now()));
    file.save(old.begin_part()).ok().unwrap();

    let new = history();
    new.load(file.load());
    new.begin_part();
    old.record(visit("before", now() + Span::minutes(1)));
    old.record(visit("old", now() + Span::minutes(1)));
    new.record(visit("new", now() + Span::minutes(2)));
    new.end_part();
    assert!(new.is_owner() && !old.is_owner());

    // The old process writes twice while it drains.
    file.save(old.take_unsaved().unwrap()).ok().unwrap();
    file.merge_parts(&new).unwrap();
    old.record(visit("last", now() + Span::minutes(3)));
    file.save(old.take_unsaved().unwrap()).ok().unwrap();
    assert!(old.take_unsaved().is_none());
    file.merge_parts(&new).unwrap();
    file.merge_parts(&new).unwrap();
    let all = ["before", "old", "new", "last"];
    assert_eq!(entries(&new), all);
    let next = history();
    next.load(file.load());
    assert_eq!(entries(&next), all);
    let visits = next.read(|records| {
        let latest = records.visitors.latest();
        let (_, before) = latest.iter().find(|(key, _)| key.name == "before").unwrap();
        (before.entries, before.last - before.first)
    });
    assert_eq!(visits, (1, 60), "one entry, seen by both");
    let files = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(files.count(), 1, "the parts are removed");
}

#[test]
fn a_new_process_that_fails_leaves_its_records_to_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = HistoryFile::new(folder.path());
    let (old, new) = (history(), history());
    old.begin_part();
    new.begin_part();
    old.record(visit("old", now()));
    new.record(visit("new", now() + Span::minutes(1)));
    file.save(new.take_unsaved().unwrap()).ok().unwrap();
    old.end_part();
    file.merge_parts(&old).unwrap();
    assert_eq!(entries(&old), ["old", "new"]);
}

#[test]
fn a_part_that_was_merged_before_a_crash_is_not_merged_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = HistoryFile::new(folder.path());
    let old = history();
    old.begin_part();
    old.record(visit("old", now()));
    file.save(old.take_unsaved().unwrap()).ok().unwrap();
    let part = std::fs::read_dir(folder.path()).unwrap().next().unwrap();
    let part = part.unwrap().path();
    let bytes = std::fs::read(&part).unwrap();
    file.merge_parts(&history()).unwrap();
    std::fs::write(&part, bytes).unwrap();
    let next = history();
    next.load(file.load());
    file.merge_parts(&next).unwrap();
    assert_eq!(entries(&next), ["old"]);
    assert!(!part.exists());
}

#[test]
fn a_newer_or_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = HistoryFile::new(folder.path());
    for (content, aside) in [
        ("hubgate history 9\nfuture", "history.version-9"),
        ("hubgate history 1\ncut", "history.damaged"),
        ("", "history.damaged"),
    ] {
        std::fs::write(file.path(), content).unwrap();
        assert!(file.read().is_err());
        assert!(file.load().entries.is_empty());
        assert!(!file.path().exists());
        let kept = std::fs::read_to_string(folder.path().join(aside)).unwrap();
        assert_eq!(kept, content);
    }
}

#[test]
fn counts_wait_for_a_plausible_clock() {
    let (history, sites) = (history(), SiteTable::default());
    let requests = |now: OffsetDateTime| {
        history.read(|records| {
            let slots = records.rings.days.until(seconds(now)).into_iter();
            slots
                .map(|slot| slot.sum(|count| count.key == Key::REQUESTS))
                .sum::<u64>()
        })
    };
    crate::events::site_counters::count_for_test(&sites.none);
    history.collect(&sites, OffsetDateTime::UNIX_EPOCH);
    assert_eq!(requests(now()), 0);
    history.collect(&sites, now());
    history.collect(&sites, now());
    assert_eq!(requests(now()), 1);
}

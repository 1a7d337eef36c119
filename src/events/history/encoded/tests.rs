use std::net::IpAddr;

use super::*;
use crate::events::{
    event::Kind,
    factors::Factors,
    history::{
        records::{MOST, SiteNames},
        ring::Key,
        visitors::{NETWORKS, Network},
    },
    reason::Reason,
    visit::NAME,
};

const NOW: u64 = 1_800_000_000;

fn time(at: u64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at as i64).unwrap()
}

fn entry(number: u64, long: &str) -> (OffsetDateTime, Entry) {
    let entry = Entry {
        site: long[..NAME].to_owned(),
        user: Some(long[..NAME].to_owned()),
        device: number.is_multiple_of(2).then(|| long[..NAME].to_owned()),
        address: Some(IpAddr::from([0xff; 16])),
        factors: Factors::from_number(7),
        agent: long[..100].to_owned(),
    };
    (time(NOW + number), entry)
}

fn refusal(number: u64, long: &str) -> (OffsetDateTime, Refusal) {
    let refusal = Refusal {
        site: Some(long[..NAME].to_owned()),
        address: Some(IpAddr::from([0xff; 16])),
        reason: Reason::CertificateInvalid,
        detail: Some(long[..120].to_owned()),
        status: 495,
        host: long[..NAME].to_owned(),
        method: long[..16].to_owned(),
        path: long[..100].to_owned(),
        agent: long[..100].to_owned(),
        times: u32::MAX,
        first: time(NOW),
    };
    (time(NOW + number), refusal)
}

/// Returns records with as many and as long values as there can be.
fn full() -> Records {
    let (mut records, long) = (Records::default(), "x".repeat(256));
    for site in 0..SiteNames::MOST {
        for key in (0..24).filter_map(Key::from_number) {
            let name = format!("{site:02}{}", &long[..62]);
            for minute in 0..1440 {
                let at = NOW + minute * 60;
                if site < 3 || minute == 0 {
                    records.count(&name, key, 1_000_000, at);
                }
            }
        }
    }
    for day in 0..400 {
        for (site, key) in (1..30).zip((0..24).filter_map(Key::from_number).cycle()) {
            let name = format!("{site:02}{}", &long[..62]);
            records.count(&name, key, u64::from(u32::MAX), NOW - day * 86400);
        }
    }
    for number in 0..visitors::MOST as u64 {
        let prefix = Network::of(IpAddr::from([0xfe; 16]), NOW + number);
        let visitor = Visitor {
            first: NOW,
            last: NOW + number,
            entries: number,
            factors: Factors::from_number(3),
            address: Some(IpAddr::from([0xff; 16])),
            networks: vec![prefix; NETWORKS],
        };
        let name = format!("{number:04}{}", &long[..60]);
        let key = visitors::Key {
            kind: Kind::Person,
            name,
        };
        records.visitors.merge(key, visitor);
    }
    records.entries = (0..MOST as u64)
        .map(|number| entry(number, &long))
        .collect();
    records.refusals = (0..MOST as u64)
        .map(|number| refusal(number, &long))
        .collect();
    records.mark_merged(7);
    records
}

#[test]
fn full_records_fit_into_the_file_and_are_decoded_as_they_were() {
    let records = full();
    let bytes = records.encode();
    assert!(bytes.len() <= MOST_BYTES, "{}", bytes.len());
    let decoded = Records::decode(&bytes).unwrap();
    assert_eq!(decoded.entries, records.entries);
    assert_eq!(decoded.refusals, records.refusals);
    assert_eq!(decoded.names, records.names);
    assert_eq!(decoded.merged, records.merged);
    assert_eq!(decoded.rings.hours, records.rings.hours);
    assert_eq!(decoded.rings.days, records.rings.days);
    assert_eq!(decoded.visitors.latest(), records.visitors.latest());
    assert_eq!(decoded.encode(), bytes);
}

#[test]
fn a_cut_or_changed_file_is_damaged_and_another_version_is_named() {
    let mut records = Records::default();
    records.count("home.test", Key::REQUESTS, 3, NOW);
    records.entries.push_back(entry(1, &"y".repeat(256)));
    let bytes = records.encode();
    for length in 0..bytes.len() {
        let fault = Records::decode(&bytes[..length]).err();
        assert_eq!(fault, Some(Fault::Damaged), "{length}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Records::decode(&changed).is_err(), "{at}");
    }
    for (version, fault) in [("2", Fault::Version(2)), ("0", Fault::Version(0))] {
        let mut other = format!("hubgate history {version}\n").into_bytes();
        other.extend(b"whatever it has");
        assert_eq!(Records::decode(&other).err(), Some(fault));
    }
}

#[test]
fn arbitrary_content_with_a_right_checksum_is_refused_or_bounded() {
    let mut seed: u64 = 1;
    for length in 0..400 {
        let mut content = b"hubgate history 1\n".to_vec();
        for _ in 0..length {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            content.push((seed >> 60) as u8 * (length % 3) as u8);
        }
        let sum = checksum(&content);
        content.extend(sum);
        if let Ok(records) = Records::decode(&content) {
            assert!(records.encode().len() <= MOST_BYTES);
        }
    }
}

use super::*;

fn key(kind: Kind, name: impl Into<String>) -> Key {
    let name = name.into();
    Key { kind, name }
}

fn at(at: u64, address: &str) -> Sighting {
    Sighting {
        at,
        factors: Factors::default(),
        address: Some(address.parse().unwrap()),
    }
}

#[test]
fn an_entry_is_a_request_after_half_an_hour_or_from_a_new_network() {
    let mut visitors = Visitors::default();
    let mut see = |time, address| visitors.see(key(Kind::Person, "anna"), at(time, address));
    assert_eq!(see(1000, "192.0.2.1"), News::First);
    assert_eq!(see(1060, "192.0.9.9"), News::Nothing);
    assert_eq!(see(1060 + PAUSE, "192.0.2.1"), News::Entry);
    assert_eq!(see(1120 + PAUSE, "198.51.100.1"), News::NewNetwork);
    assert_eq!(see(1180 + PAUSE, "192.0.2.1"), News::Nothing);
    assert_eq!(see(500, "192.0.2.1"), News::Nothing, "the clock went back");
    let (_, anna) = visitors.latest()[0];
    assert_eq!((anna.first, anna.entries), (500, 3));
}

#[test]
fn ten_thousand_addresses_evict_no_name_and_not_the_latest() {
    let mut visitors = Visitors::default();
    visitors.see(key(Kind::Device, "phone"), at(1, "192.0.2.1"));
    for number in 0..10_000 {
        visitors.see(
            key(Kind::Address, number.to_string()),
            at(number + 2, "192.0.2.1"),
        );
    }
    let latest = visitors.latest();
    assert_eq!(latest.len(), MOST);
    assert_eq!(latest[0].0.name, "phone");
    let names: Vec<_> = latest[1..]
        .iter()
        .map(|(key, _)| key.name.clone())
        .collect();
    let wanted: Vec<_> = (9501..10_000)
        .rev()
        .map(|number| number.to_string())
        .collect();
    assert_eq!(names, wanted);
}

#[test]
fn addresses_are_forgotten_and_names_stay() {
    let mut visitors = Visitors::default();
    visitors.see(key(Kind::Person, "anna"), at(100, "192.0.2.1"));
    visitors.see(key(Kind::Person, "anna"), at(200, "198.51.100.1"));
    visitors.see(key(Kind::Address, "192.0.2.9"), at(100, "192.0.2.9"));
    visitors.forget(150);
    let latest = visitors.latest();
    assert_eq!(latest.len(), 1);
    assert_eq!(latest[0].1.networks.len(), 1);
    assert!(latest[0].1.address.is_some());
    visitors.forget(300);
    let (_, anna) = visitors.latest()[0];
    assert_eq!(
        (anna.address, anna.networks.len(), anna.first),
        (None, 0, 100)
    );
}

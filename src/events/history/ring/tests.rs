use super::*;

const NOW: u64 = 1_800_000_000;

fn one(site: u8, key: Key) -> Count {
    Count {
        site,
        key,
        count: 1,
    }
}

fn requests(ring: &Ring, now: u64) -> Vec<u64> {
    let slots = ring.until(now).into_iter();
    slots.map(|slot| slot.sum(|_| true)).collect()
}

#[test]
fn a_count_is_in_its_minute_hour_and_day_until_they_age_out() {
    let mut rings = Rings::default();
    for minute in 0..3000 {
        let at = NOW + minute * 60;
        rings.add(at, at, one(1, Key::REQUESTS));
    }
    let end = NOW + 2999 * 60;
    assert_eq!(requests(&rings.minutes, end), vec![1; 1440]);
    assert_eq!(requests(&rings.hours, end), vec![60; 50]);
    assert_eq!(requests(&rings.days, end).iter().sum::<u64>(), 3000);
    assert!(requests(&rings.minutes, end + 1440 * 60).is_empty());
}

#[test]
fn a_jump_of_the_clock_damages_only_the_slots_that_it_touches() {
    let mut rings = Rings::default();
    for minute in 0..100 {
        rings.add(NOW + minute * 60, NOW + minute * 60, one(1, Key::REQUESTS));
    }
    let (now, wrong) = (NOW + 99 * 60, NOW + 50 * 365 * 24 * 3600 + 40 * 60);
    rings.add(wrong, wrong, one(1, Key::REQUESTS));
    rings.add(0, 0, one(1, Key::REQUESTS));
    rings.add(now, now, one(1, Key::REQUESTS));
    let kept: u64 = requests(&rings.minutes, now).iter().sum();
    assert!((99..=101).contains(&kept), "{kept}");
    // The slot of the future is used again.
    let same = wrong % (1440 * 60) + (now / (1440 * 60)) * 1440 * 60;
    rings.add(same, same, one(1, Key::REQUESTS));
    assert!(
        rings
            .minutes
            .filled()
            .iter()
            .all(|slot| slot.number <= same.max(now) / 60)
    );
}

#[test]
fn a_full_slot_counts_further_sites_together() {
    let mut rings = Rings::default();
    for site in 1..=60 {
        rings.add(NOW, NOW, one(site, Key::reason(Reason::NoSite)));
        rings.add(NOW, NOW, one(site, Key::entry(Factors::default())));
    }
    for ring in [&rings.minutes, &rings.hours, &rings.days] {
        let slot = ring.filled()[0];
        assert!(slot.counts.len() <= ring.most_counts());
        assert_eq!(slot.sum(|_| true), 120);
        assert!(slot.sum(|count| count.key == Key::ANY_REASON) > 30);
    }
}

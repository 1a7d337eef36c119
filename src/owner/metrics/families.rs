//! The metrics, each from the one place that counts it.

use time::OffsetDateTime;

use super::{Family, Kind, Labels, Sample, Sources, Value, process};
use crate::{
    acme::manager::status::CertificateStatus,
    devices::registry::status::{DeviceReport, DeviceStatus},
    events::{
        factors::Factors,
        reason::Reason,
        site_counters::{BUCKETS, Cell, Totals, status_name},
    },
    sites::site::SiteState,
};

/// Microseconds of a second.
const MICROS: f64 = 1_000_000.0;

impl Sources<'_> {
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families = self.of_build();
        families.extend(process::families());
        families.extend(self.of_events());
        families.extend(self.of_connections());
        families.extend(self.of_sites());
        families.extend(self.of_certificates());
        families.extend(self.of_devices());
        families.extend(self.of_servers());
        families
    }

    fn of_build(&self) -> Vec<Family> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let started = self.events.started.unix_timestamp() as f64;
        vec![
            Family::new(Kind::Info, "hubgate_build", "Version of hubgate")
                .with(vec![("version", version)], 1.0),
            gauge(
                "process_start_time_seconds",
                "Start of the process since 1970 in seconds",
            )
            .with(Vec::new(), started),
        ]
    }

    /// Counts of events that are no requests.
    fn of_events(&self) -> Vec<Family> {
        let mut events = counter(
            "hubgate_events",
            "Events by kind, such as failed passwords, reloads, orders of certificates",
        );
        for (name, count) in self.events.kinds.counts() {
            events.add(vec![("event", name.to_owned())], count as f64);
        }
        vec![
            events,
            counter(
                "hubgate_events_lost",
                "Events that were counted, but not listed",
            )
            .with(Vec::new(), self.events.lost() as f64),
            counter(
                "hubgate_log_lines_lost",
                "Lines of the access log that were lost",
            )
            .with(Vec::new(), self.events.log.lost() as f64),
        ]
    }

    fn of_connections(&self) -> Vec<Family> {
        let counters = &self.events.counters;
        let limits = &counters.limits;
        let mut handshakes = counter("hubgate_tls_handshakes", "TLS handshakes by result");
        let by_result = [
            ("completed", counters.handshakes_completed.value()),
            ("failed", counters.handshakes_failed.value()),
        ];
        for (result, count) in by_result {
            handshakes.add(vec![("result", result.to_owned())], count as f64);
        }
        let mut limited = counter(
            "hubgate_connections_limited",
            "Connections refused or closed at a limit",
        );
        for (limit, count) in [
            ("connections_per_address", limits.per_address.count()),
            ("connections", limits.all.count() + limits.evicted.count()),
            ("memory", self.memory_evictions),
        ] {
            limited.add(vec![("limit", limit.to_owned())], count as f64);
        }
        vec![
            counter("hubgate_connections", "Connections accepted")
                .with(Vec::new(), counters.connections_accepted.value() as f64),
            gauge("hubgate_connections_open", "Connections that are open")
                .with(Vec::new(), counters.connections_open.value() as f64),
            gauge("hubgate_websockets_open", "WebSockets that are open")
                .with(Vec::new(), counters.websockets_open.value() as f64),
            gauge("hubgate_requests_in_flight", "Requests that have not ended")
                .with(Vec::new(), self.events.sites.in_flight.value() as f64),
            handshakes,
            limited,
        ]
    }

    /// Counters of requests by site; `-` counts those without a site.
    fn of_sites(&self) -> Vec<Family> {
        let mut requests = counter(
            "hubgate_requests",
            "Requests by site, class of method, protocol and status",
        );
        let mut durations = Family::new(
            Kind::Histogram,
            "hubgate_request_duration_seconds",
            "Time from the head of a request to the end of its response in seconds",
        );
        let mut received = counter("hubgate_received_bytes", "Bytes of content from clients");
        let mut sent = counter("hubgate_sent_bytes", "Bytes of content to clients");
        let mut entries = counter(
            "hubgate_entries",
            "Requests that were let in, by the factors of the client",
        );
        let mut refusals = counter("hubgate_refusals", "Requests that were refused, by reason");
        let mut failures = counter(
            "hubgate_upstream_failures",
            "Requests that a hub did not respond to, by reason",
        );
        for site in self.events.sites.current() {
            let (name, totals) = (site.name(), site.totals());
            add_requests(&mut requests, name, &totals);
            add_durations(&mut durations, name, &totals);
            let label = || vec![("site", name.to_owned())];
            received.add(label(), totals.get(Cell::RECEIVED) as f64);
            sent.add(label(), totals.get(Cell::SENT) as f64);
            for factors in (0..Factors::SETS).map(Factors::from_number) {
                let labels = labelled(name, "factors", factors.name());
                add_if_counted(&mut entries, labels, totals.get(Cell::entry(factors)));
            }
            for reason in Reason::ALL {
                let family = match reason.is_refusal() {
                    true => &mut refusals,
                    false => &mut failures,
                };
                let labels = labelled(name, "reason", reason.name());
                add_if_counted(family, labels, totals.get(Cell::reason(reason)));
            }
        }
        vec![
            requests, durations, received, sent, entries, refusals, failures,
        ]
    }

    fn of_certificates(&self) -> Vec<Family> {
        let mut ends = gauge(
            "hubgate_certificate_expiry_timestamp_seconds",
            "End of the certificate of a site since 1970 in seconds",
        );
        let mut late = gauge(
            "hubgate_certificate_late",
            "1 if the renewal of a certificate is late by its schedule, or a stand-in is served",
        );
        for SiteState {
            hosts,
            certificate_ends,
            ..
        } in self.sites.states()
        {
            let site = hosts.into_iter().next().unwrap_or_default();
            let end = certificate_ends.unix_timestamp() as f64;
            ends.add(vec![("site", site)], end);
        }
        for certificate in &self.certificates {
            let is_late = matches!(
                certificate.status,
                CertificateStatus::Missing | CertificateStatus::Overdue | CertificateStatus::Ended
            );
            late.add(vec![("site", certificate.name.clone())], u8::from(is_late));
        }
        vec![ends, late]
    }

    /// The newest certificate of each device that is not revoked.
    fn of_devices(&self) -> Vec<Family> {
        let mut ends = gauge(
            "hubgate_device_certificate_expiry_timestamp_seconds",
            "End of the certificate of a device since 1970 in seconds",
        );
        let mut seen = gauge(
            "hubgate_device_last_seen_timestamp_seconds",
            "Last use of the certificate of a device since 1970 in seconds",
        );
        let mut states = self.devices.current_states();
        states.retain(|state| state.status != DeviceStatus::Revoked);
        let is_newest = |at: usize, states: &[DeviceReport]| {
            let mut later = states[at + 1..].iter();
            !later.any(|later| later.name == states[at].name)
        };
        for (at, state) in states.iter().enumerate() {
            if is_newest(at, &states) {
                let label = || vec![("device", state.name.clone())];
                ends.add(label(), state.expires.unix_timestamp() as f64);
                let last = state.last_seen.map(OffsetDateTime::unix_timestamp);
                if let Some(last) = last {
                    seen.add(label(), last as f64);
                }
            }
        }
        vec![ends, seen]
    }

    fn of_servers(&self) -> Vec<Family> {
        let mut up = gauge(
            "hubgate_upstream_up",
            "1 if the last connect to a server succeeded, or none was needed",
        );
        let mut connects = counter(
            "hubgate_upstream_connects",
            "Connects to a server by result",
        );
        let mut time = counter(
            "hubgate_upstream_connect_seconds",
            "Sum of the times of successful connects in seconds",
        );
        for state in self.sites.servers() {
            let label = || ("server", state.server.clone());
            up.add(vec![label()], u8::from(state.is_up));
            for (result, count) in [("completed", state.connects), ("failed", state.failures)] {
                let labels = vec![label(), ("result", result.to_owned())];
                connects.add(labels, count as f64);
            }
            time.add(vec![label()], state.connect_time.as_secs_f64());
        }
        vec![up, connects, time]
    }
}

fn counter(name: &'static str, help: &'static str) -> Family {
    Family::new(Kind::Counter, name, help)
}

fn gauge(name: &'static str, help: &'static str) -> Family {
    Family::new(Kind::Gauge, name, help)
}

fn labelled(site: &str, key: &'static str, value: &str) -> Labels {
    vec![("site", site.to_owned()), (key, value.to_owned())]
}

/// Adds a count that is not 0: most combinations of labels never occur.
fn add_if_counted(family: &mut Family, labels: Labels, count: u64) {
    if count > 0 {
        family.add(labels, count as f64);
    }
}

fn add_requests(family: &mut Family, site: &str, totals: &Totals) {
    for ((method, protocol, status), cell) in Cell::requests() {
        let mut labels = labelled(site, "method", method.name());
        labels.push(("protocol", protocol.name().to_owned()));
        labels.push(("status", status_name(status)));
        add_if_counted(family, labels, totals.get(cell));
    }
}

fn add_durations(family: &mut Family, site: &str, totals: &Totals) {
    let bounds = BUCKETS.iter().map(|micros| *micros as f64 / MICROS);
    let bounds = bounds.chain([f64::INFINITY]).enumerate();
    let buckets = bounds.map(|(number, bound)| (bound, totals.get(Cell::bucket(number))));
    family.samples.push(Sample {
        labels: vec![("site", site.to_owned())],
        value: Value::Histogram {
            sum: totals.get(Cell::DURATION_SUM) as f64 / MICROS,
            buckets: buckets.collect(),
        },
    });
}

//! Metrics in OpenMetrics 1.0, or in Prometheus' text format 0.0.4.
//!
//! Each scrape reads the counters of `events` and the states of servers, certificates and devices.
//! Labels have values of the configuration, of the registry of devices, or of fixed lists only.

mod families;
mod process;
mod text;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder},
    metrics::MetricType,
    registry::Registry,
};

use crate::{
    acme::manager::status::CertificateReport, devices::Devices, events::Events, sites::Sites,
};

/// The sources of the metrics.
pub struct Sources<'a> {
    /// Counters.
    pub events: &'a Events,
    /// Sites and their servers.
    pub sites: &'a Sites,
    /// Devices of the own client CA.
    pub devices: &'a Devices,
    /// Certificates of CAs.
    pub certificates: Vec<CertificateReport>,
    /// Connections closed at `limits.memory`.
    pub memory_evictions: u64,
}

/// A format of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    Text,
}

/// All metrics of one scrape.
#[derive(Debug)]
struct Scrape(Vec<Family>);

/// The samples of one metric.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    samples: Vec<Sample>,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

/// A value with its labels.
#[derive(Debug)]
struct Sample {
    labels: Labels,
    value: Value,
}

type Labels = Vec<(&'static str, String)>;

#[derive(Debug)]
enum Value {
    Number(f64),
    Histogram {
        sum: f64,
        /// Upper bound and count of each bucket.
        buckets: Vec<(f64, u64)>,
    },
}

impl Format {
    /// Selects the format by an `Accept` field.
    #[must_use]
    pub fn accepted(accept: &[u8]) -> Self {
        let name = b"application/openmetrics-text";
        let accepted = accept
            .windows(name.len())
            .any(|part| part.eq_ignore_ascii_case(name));
        if accepted {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// Returns the media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

impl Sources<'_> {
    /// Writes all metrics.
    #[must_use]
    pub fn write(&self, format: Format) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Scrape(self.families())));
        let mut metrics = String::new();
        // A write to memory cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut metrics, &registry);
        match format {
            Format::OpenMetrics => metrics,
            Format::Text => text::from_open_metrics(&metrics),
        }
    }
}

impl Family {
    fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            kind,
            samples: Vec::new(),
        }
    }

    fn with(mut self, labels: Labels, value: impl Into<f64>) -> Self {
        self.add(labels, value);
        self
    }

    fn with_some(mut self, value: Option<f64>) -> Self {
        if let Some(value) = value {
            self.add(Vec::new(), value);
        }
        self
    }

    fn add(&mut self, labels: Labels, value: impl Into<f64>) {
        let value = Value::Number(value.into());
        self.samples.push(Sample { labels, value });
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for family in self.0.iter().filter(|family| !family.samples.is_empty()) {
            let kind = family.kind.into();
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for sample in &family.samples {
                sample.encode(family.kind, &mut metric)?;
            }
        }
        Ok(())
    }
}

impl Sample {
    fn encode(&self, kind: Kind, metric: &mut MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        if kind == Kind::Info {
            return metric.encode_info(&self.labels);
        }
        let mut labelled = metric.encode_family(&self.labels)?;
        match &self.value {
            Value::Number(number) if kind == Kind::Counter => {
                labelled.encode_counter::<Labels, _, f64>(number, None)
            }
            Value::Number(number) => labelled.encode_gauge(number),
            Value::Histogram { sum, buckets } => {
                let count = buckets.iter().map(|(_, count)| count).sum();
                labelled.encode_histogram::<Labels>(*sum, count, buckets, None)
            }
        }
    }
}

impl From<Kind> for MetricType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counter,
            Kind::Gauge => Self::Gauge,
            Kind::Histogram => Self::Histogram,
            Kind::Info => Self::Info,
        }
    }
}

//! The cells of a site's counters, by number.

use http::Version;

use crate::events::{factors::Factors, reason::Reason};

/// One counter of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell(usize);

/// The class of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodClass {
    /// Safe methods (RFC 9110, section 9.2.1).
    Read,
    /// All others.
    Write,
}

/// The protocol of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
    /// A WebSocket.
    WebSocket,
}

/// Upper bounds of the buckets of durations in microseconds; one bucket more has no bound.
pub const BUCKETS: [u64; 11] = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// Statuses with a counter of their own, and the classes 0 to 5 that count all others.
pub const STATUSES: [u16; 39] = [
    101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409,
    413, 416, 421, 426, 429, 431, 495, 496, 499, 500, 501, 502, 503, 504, 1, 2, 3, 4, 5, 0,
];

/// Protocols.
const PROTOCOLS: usize = 3;
/// Cells of requests.
const REQUESTS: usize = 2 * PROTOCOLS * STATUSES.len();
const DURATIONS: usize = REQUESTS;
const SUMS: usize = DURATIONS + BUCKETS.len() + 1;
const ENTRIES: usize = SUMS + 3;
const REASONS: usize = ENTRIES + Factors::SETS;

/// The position in [`STATUSES`] of each status below 600.
static POSITIONS: [u8; 600] = positions();

impl Cell {
    /// Number of cells.
    pub const COUNT: usize = REASONS + Reason::ALL.len();
    /// The sum of durations in microseconds.
    pub const DURATION_SUM: Self = Self(SUMS);
    /// Bytes of content received from clients.
    pub const RECEIVED: Self = Self(SUMS + 1);
    /// Bytes of content sent to clients.
    pub const SENT: Self = Self(SUMS + 2);

    /// The number of requests of a method, protocol and status.
    pub(in crate::events) fn request(method: &str, protocol: Protocol, status: u16) -> Self {
        let position = POSITIONS.get(usize::from(status)).copied();
        let position = position.map_or(STATUSES.len() - 1, usize::from);
        Self::at(MethodClass::of(method), protocol, position)
    }

    fn at(method: MethodClass, protocol: Protocol, position: usize) -> Self {
        let row = method as usize * PROTOCOLS + protocol as usize;
        Self(row * STATUSES.len() + position)
    }

    /// The number of requests in the bucket of a duration.
    pub(in crate::events) fn duration(micros: u64) -> Self {
        Self::bucket(BUCKETS.partition_point(|bound| *bound < micros))
    }

    /// The number of requests in a bucket; the last one has no bound.
    #[must_use]
    pub fn bucket(number: usize) -> Self {
        Self(DURATIONS + number.min(BUCKETS.len()))
    }

    /// The number of requests that were let in with a set of factors.
    #[must_use]
    pub fn entry(factors: Factors) -> Self {
        Self(ENTRIES + factors.number())
    }

    /// The number of requests that got no response of a hub, for a reason.
    #[must_use]
    pub fn reason(reason: Reason) -> Self {
        Self(REASONS + reason.number())
    }

    /// All cells of requests with their labels; the status is one of [`STATUSES`].
    pub fn requests() -> impl Iterator<Item = ((MethodClass, Protocol, u16), Self)> {
        let methods = [MethodClass::Read, MethodClass::Write];
        let protocols = [Protocol::Http1, Protocol::Http2, Protocol::WebSocket];
        let rows = methods
            .into_iter()
            .flat_map(move |method| protocols.map(|protocol| (method, protocol)));
        rows.flat_map(|(method, protocol)| {
            let statuses = STATUSES.into_iter().enumerate();
            statuses.map(move |(position, status)| {
                let labels = (method, protocol, status);
                (labels, Self::at(method, protocol, position))
            })
        })
    }

    pub(super) fn index(self) -> usize {
        self.0
    }
}

impl MethodClass {
    fn of(method: &str) -> Self {
        match method {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" => Self::Read,
            _ => Self::Write,
        }
    }

    /// Returns the name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl Protocol {
    pub(in crate::events) fn new(version: Version, status: u16) -> Self {
        match version {
            _ if status == 101 => Self::WebSocket,
            Version::HTTP_2 => Self::Http2,
            _ => Self::Http1,
        }
    }

    /// Returns the name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::WebSocket => "websocket",
        }
    }
}

/// Returns a status as in metrics: itself, or its class, such as `4xx`, for rare ones.
#[must_use]
pub fn status_name(status: u16) -> String {
    match status {
        ..10 => format!("{status}xx"),
        _ => status.to_string(),
    }
}

const fn positions() -> [u8; 600] {
    let mut positions = [0; 600];
    let mut status = 0;
    while status < positions.len() {
        positions[status] = position_of(status as u16);
        status += 1;
    }
    positions
}

const fn position_of(status: u16) -> u8 {
    let mut position = 0;
    let mut other = STATUSES.len() - 1;
    while position < STATUSES.len() {
        if STATUSES[position] == status && status >= 100 {
            return position as u8;
        }
        if STATUSES[position] == status / 100 {
            other = position;
        }
        position += 1;
    }
    other as u8
}

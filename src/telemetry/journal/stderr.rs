//! The writer of formatted events to stderr.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use crate::telemetry::output::{FLUSH_LIMIT, Output, Stream};

/// A handle of the stream; each write is one event.
#[derive(Clone)]
pub(super) struct Stderr(Arc<Output>);

/// Lines are written without delay, since the last one may be the reason for the end of the
/// process.
const STDERR: Stream = Stream {
    log: "journal",
    name: "stderr",
    delay: Duration::ZERO,
};

impl Stderr {
    pub(super) fn start() -> io::Result<Self> {
        Ok(Self(Arc::new(Output::start(STDERR, io::stderr())?)))
    }

    pub(super) fn flush(&self) {
        self.0.flush(FLUSH_LIMIT);
    }
}

impl Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Stderr {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

//! The results of commands on stdout.

use std::io::{self, Write};

use serde::Serialize;

use crate::telemetry::{Printable, escaped_json};

/// Prints a command's result, with control characters escaped.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    print_verbatim(&Printable(text).to_string())
}

/// Prints a command's result as JSON.
pub(super) fn print_json(result: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(result)?;
    let lines: Vec<_> = json.lines().map(escaped_json).collect();
    print_verbatim(&(lines.join("\n") + "\n"))
}

/// Prints text that is escaped already, or contains no text from outside. A closed stdout is no
/// failure.
pub(super) fn print_verbatim(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// Prints a step of a command that takes time.
pub(super) fn print_step(step: &str) {
    // The exit code reports the result if stdout is closed.
    let _ = writeln!(io::stdout(), "{}", Printable(step));
}

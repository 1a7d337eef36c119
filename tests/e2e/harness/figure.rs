//! Figures of measurements.

use std::fmt::Display;

/// Prints a figure, which `--nocapture` shows.
#[allow(clippy::print_stdout, reason = "figures that --nocapture shows")]
pub fn print_figure(figure: impl Display) {
    println!("{figure}");
}

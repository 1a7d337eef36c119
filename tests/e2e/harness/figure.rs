//! Figures of measurements.

use std::fmt::Arguments;

/// Prints a figure, which `--nocapture` shows.
#[allow(clippy::print_stdout, reason = "figures that --nocapture shows")]
pub fn print_figure(figure: Arguments<'_>) {
    println!("{figure}");
}

//! The `hubgate` binary: hands the arguments to `cli`.

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    hubgate::cli::run(env::args_os())
}

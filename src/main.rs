//! The `hubgate` binary.

fn main() {
    let path = std::env::args().nth(3).unwrap_or_default();
    if let Err(e) = hubgate::server::run(path.into()) { eprintln!("{e:#}"); std::process::exit(1) }
}

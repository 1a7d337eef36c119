//! The `hubgate` binary.

fn main() {}

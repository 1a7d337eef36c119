//! The life of the process: start, reload, hand-over and shutdown, without a lost request.
//!
//! `HUBGATE_LONG=1` multiplies the repetitions.

mod certificates;
mod descriptors;
mod handover;
mod history;
mod load;
mod manager;
mod many_connections;
mod memory;
mod player;
mod reload;
mod stalled_output;
mod start;
mod state_folder;
mod status;
mod stop;
mod stuck_files;
mod time_zone;
mod websockets;
mod worst_stop;

/// Returns the number of repetitions: few, or many in a long run.
pub fn times(short: usize, long: usize) -> usize {
    if std::env::var_os("HUBGATE_LONG").is_some_and(|long| long == "1") {
        return long;
    }
    short
}

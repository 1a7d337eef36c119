//! Hostile and broken clients: every request is refused or reaches the hub once with its exact
//! meaning; every client that stalls is cut.

mod bodies;
mod chunks;
mod crowd;
mod fields;
mod fixture;
mod floods;
mod frames;
mod framing;
mod gone;
mod hosts;
mod http2;
mod memory;
mod paths;
mod pipelining;
mod request_line;
mod slow;
mod unfinished_uploads;
mod upgrades;

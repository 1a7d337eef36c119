//! The harness: the real program on kept ports in a temporary folder, and its clients.
//!
//! `Setup` writes a `proxy.yaml` and starts a `Hubgate`; a `Client` reaches it with raw bytes, as
//! an HTTP client or as a WebSocket. Tests wait for conditions with a deadline, never for a fixed
//! time.

mod client;
mod client_certificate;
mod command;
mod control_group;
mod demo;
mod der;
mod eventually;
mod fetch;
mod figure;
mod head;
mod http;
mod hubgate;
mod machine;
mod name_server;
mod output;
mod pki;
mod port;
mod raw_connection;
mod response;
mod running;
mod setup;
mod slow_files;
mod tls;
mod trust;
mod websocket;
mod wire;

pub use self::{
    client::{Client, Stream},
    command::{CommandOutput, PROGRAM, foreign, hubgate, hubgate_with_input},
    control_group::ControlGroup,
    demo::Demo,
    eventually::{DEADLINE, eventually, within},
    fetch::Fetched,
    figure::print_figure,
    head::{Framing, Head},
    http::{Http, until},
    hubgate::Hubgate,
    machine::Machine,
    name_server::NameServer,
    output::Output,
    pki::{Authority, Leaf},
    port::Port,
    raw_connection::RawConnection,
    response::Response,
    running::Running,
    setup::{ANNA, HTPASSWD, Setup},
    slow_files::SlowFiles,
    trust::AnyCertificate,
    websocket::WebSocket,
    wire::Wire,
};

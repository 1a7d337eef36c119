//! The harness: the real program on kept ports in a temporary folder, and its callers.
//!
//! `Setup` writes a `proxy.yaml` and starts a `Hubgate`; a `Caller` reaches it with raw bytes, as
//! an HTTP client or as a WebSocket. Tests wait for conditions with a deadline, never for a fixed
//! time.

mod answer;
mod caller;
mod card;
mod command;
mod control_group;
mod conversation;
mod demo;
mod der;
mod eventually;
mod figure;
mod head;
mod http;
mod hubgate;
mod machine;
mod name_server;
mod output;
mod pki;
mod port;
mod running;
mod setup;
mod slow_files;
mod tls;
mod trust;
mod visit;
mod websocket;
mod wire;

pub use self::{
    answer::Answer,
    caller::{Caller, Stream},
    command::{PROGRAM, Ran, foreign, hubgate, hubgate_with_input},
    control_group::ControlGroup,
    conversation::Conversation,
    demo::Demo,
    eventually::{DEADLINE, eventually, within},
    figure::print_figure,
    head::{Framing, Head},
    http::{Http, until},
    hubgate::Hubgate,
    machine::Machine,
    name_server::NameServer,
    output::Output,
    pki::{Authority, Leaf},
    port::Port,
    running::Running,
    setup::{ANNA, HTPASSWD, Setup},
    slow_files::SlowFiles,
    trust::AnyCertificate,
    visit::Visit,
    websocket::WebSocket,
    wire::Wire,
};

//! Machines on networks of their own: Linux's network namespaces, which take the rights of root.
//!
//! A test's clients are not on them; programs of others are run there.

use std::{
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::geteuid;

use super::{
    CommandOutput,
    command::{foreign, without_manager},
};
use crate::real_hub::skip_for;

/// Number in the names of created resources, as all tests share one namespace.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A machine with a loopback only; it and its networks end with the test.
pub struct Machine {
    name: String,
}

impl Machine {
    /// Creates a machine; prints a note and returns none without the rights to do so.
    pub fn new() -> Option<Self> {
        let name = format!("hubgate-{}-{}", process::id(), number());
        let made = foreign("ip", &["netns", "add", &name]);
        if !geteuid().is_root() || made.stderr.contains("not permitted") {
            skip_for("no rights to make networks: run it as root with CAP_NET_ADMIN");
            return None;
        }
        made.succeeded();
        let machine = Self { name };
        machine.ip(&["link", "set", "lo", "up"]);
        Some(machine)
    }

    /// Puts this machine and another on a network, each with its address and prefix length.
    pub fn connect(&self, address: &str, other: &Self, others: &str) {
        let cable = format!("net{}", number());
        let one_end = ["link", "add", &cable, "netns", &self.name, "type", "veth"];
        let other_end = ["peer", "name", &cable, "netns", &other.name];
        foreign("ip", &[&one_end[..], &other_end].concat()).succeeded();
        for (machine, address) in [(self, address), (other, others)] {
            machine.ip(&["address", "add", address, "dev", &cable]);
            machine.ip(&["link", "set", &cable, "up"]);
        }
    }

    /// Sends what is for elsewhere to this address.
    pub fn route_by(&self, address: &str) {
        self.ip(&["route", "add", "default", "via", address]);
    }

    /// Runs a program of others there to its end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> CommandOutput {
        let there = ["netns", "exec", &self.name, program];
        foreign("ip", &[&there, arguments].concat())
    }

    /// A program that is to run there; its process is the program's own.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = without_manager(Command::new("ip"));
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// A program that is to run there as in a container of Podman; its process is the program's own.
    pub fn container_command(&self, program: &Path) -> Command {
        let mut command = self.command(Path::new("unshare"));
        let marked = "mount -t tmpfs tmpfs /run && touch /run/.containerenv && exec \"$0\" \"$@\"";
        command.args(["--mount", "sh", "-c", marked]).arg(program);
        command
    }

    fn ip(&self, arguments: &[&str]) {
        foreign("ip", &[&["-n", &self.name], arguments].concat()).succeeded();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        foreign("ip", &["netns", "delete", &self.name]);
    }
}

fn number() -> usize {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

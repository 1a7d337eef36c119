//! Fields that NGINX sends to hubs.

use super::{super::node::Node, Grammar};

/// The name of a device, which no site has.
pub(in super::super) const DEVICE: &str = "device.test";
/// Secret that NGINX sends to a device, in lower case.
pub(in super::super) const SECRET: &str = "y2ftomv5zq";

const FIELDS: [&str; 22] = [
    "Host device.test",
    "Host device.test",
    "Host $host",
    "Host $http_host",
    "Host $proxy_host",
    "Host $server_name",
    "X-Role guest",
    "X-Role guest",
    "X-Role ''",
    "x-role admin",
    "X-Role $arg_m",
    "X-Api-Key s3cr3t",
    "X-Api-Key ''",
    "Authorization 'Basic Y2FtOmV5ZQ=='",
    "Authorization 'Basic Y2FtOmV5ZQ=='",
    "Authorization ''",
    "X-User $remote_user",
    "X-User $remote_user",
    "X-User ''",
    "X-Remote-User $remote_user",
    "Origin ''",
    "Cookie ''",
];

impl Grammar {
    /// Some fields, with this chance in percent; where there are variables, one that `set` makes.
    pub(super) fn fields(&mut self, chance: usize, nodes: &mut Vec<Node>) {
        if !self.random.percent(chance) {
            return;
        }
        for _ in 0..=self.random.below(3) {
            let field = *self.random.of(&FIELDS);
            nodes.push(Node::line(format!("proxy_set_header {field}")));
        }
    }
}

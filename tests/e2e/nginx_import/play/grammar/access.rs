//! Access directives of a location, in some of their combinations.

use super::{super::node::Node, Grammar};

const NETWORKS: [&str; 13] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.0.0.0/30",
    "::1",
    "all",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "unix:",
    "127.0.0.3",
    "10.1.0.0/16",
    "fd00::/8",
    "all",
];

impl Grammar {
    pub(super) fn certificates(&mut self, nodes: &mut Vec<Node>) {
        let ca = *self
            .random
            .of(&["ca", "ca", "ca", "ca", "ca2", "both", "both", "cut"]);
        nodes.push(Node::line(format!("ssl_client_certificate @W@/{ca}.pem")));
        let how = match self.random.below(20) {
            0..8 => "on",
            8 if self.random.percent(40) => "optional_no_ca",
            9 => "off",
            _ => "optional",
        };
        nodes.push(Node::line(format!("ssl_verify_client {how}")));
        if self.random.percent(40) {
            nodes.push(Node::line(format!(
                "ssl_verify_depth {}",
                self.random.of(&[0, 1, 2])
            )));
        }
        if how == "optional" && self.random.percent(85) {
            nodes.push(Self::wants_certificate());
        }
    }

    pub(super) fn wants_certificate() -> Node {
        Node::block(
            "if ($ssl_client_verify != SUCCESS)",
            vec![Node::line("return 403")],
        )
    }

    /// Returns access directives, in some of their combinations.
    pub(super) fn access(&mut self) -> Vec<Node> {
        if self.random.percent(75) {
            return self.random.of(&self.rules).clone();
        }
        self.any_access()
    }

    pub(super) fn any_access(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        match self.random.below(6) {
            0 | 1 => self.password(&mut nodes),
            2 | 3 => self.networks(&mut nodes),
            4 => {
                self.password(&mut nodes);
                self.networks(&mut nodes);
                nodes.push(Node::line(format!(
                    "satisfy {}",
                    self.random.of(&["any", "any", "all"])
                )));
            }
            _ => {
                let opens = ["auth_basic off", "allow all"].map(Node::line);
                let begin = self.random.below(3) / 2;
                nodes.extend(opens.into_iter().skip(begin).take(1 + self.random.below(2)));
            }
        }
        nodes
    }

    pub(super) fn password(&mut self, nodes: &mut Vec<Node>) {
        let realm = self.realm();
        nodes.push(Node::line(format!("auth_basic {realm}")));
        let file = *self.random.of(&["pw", "pw", "pw", "pw", "pw2", "twice"]);
        nodes.push(Node::line(format!("auth_basic_user_file @W@/{file}")));
    }

    pub(super) fn networks(&mut self, nodes: &mut Vec<Node>) {
        for _ in 0..=self.random.below(2) {
            let word = *self.random.of(&["allow", "allow", "allow", "deny"]);
            let network = *self.random.of(&NETWORKS);
            nodes.push(Node::line(format!("{word} {network}")));
        }
        if self.random.percent(80) {
            nodes.push(Node::line(*self.random.of(&[
                "deny all",
                "deny all",
                "deny all",
                "deny all",
                "deny 0.0.0.0/0",
                "allow all",
            ])));
        }
    }
}

//! Variables that a map, the client's address or `set` decides, and hubs that they name.

use super::{super::node::Node, Grammar};

fn map(begin: &str, entries: &[&str]) -> Node {
    Node::block(begin, entries.iter().copied().map(Node::line).collect())
}

/// The maps of a site, by the kind of what they are made of.
pub(super) fn blocks() -> Vec<Node> {
    vec![
        map("map $arg_m $mapped", &["default 0", "1 1"]),
        map("map $host $realm", &["default off", "home.test x"]),
        map(
            "map $ssl_client_verify $shown",
            &["default x", "SUCCESS off"],
        ),
        map("geo $near", &["default 0", "127.0.0.1 1", "127.0.0.2 1"]),
        map("geo $asked", &["default x", "127.0.0.2 off", "::1 off"]),
        map("map $scheme $secure", &["default 0", "https 1"]),
        map("map $near $nearby", &["default no", "1 yes"]),
    ]
}

/// Variables of maps that give a realm.
const MAPPED: [&str; 3] = ["$realm", "$shown", "$asked"];

impl Grammar {
    /// A hub with its address in a variable.
    pub(super) fn chosen(&mut self, nodes: &mut Vec<Node>) {
        if self.random.percent(70) {
            nodes.push(Node::line("set $chosen @HUB@"));
        }
        if self.random.percent(15) {
            let test =
                *self
                    .random
                    .of(&["$arg_m", "$arg_m = 1", "$scheme = http", "$scheme = ftp"]);
            let set = Node::line(*self.random.of(&["set $chosen @OTHER@", "set $chosen ''"]));
            nodes.push(Node::block(format!("if ({test})"), vec![set]));
        }
        if self.random.percent(25) {
            nodes.push(Node::line("set $way http"));
            return nodes.push(Node::line("proxy_pass $way://$chosen"));
        }
        let end = *self
            .random
            .of(&["", "", "$request_uri", "/", "$uri$is_args$args"]);
        nodes.push(Node::line(format!("proxy_pass http://$chosen{end}")));
    }

    /// Realms of `auth_basic`; `off` requests no password.
    pub(super) fn realm(&mut self) -> &'static str {
        match self.mapped && self.random.percent(30) {
            true => MAPPED[self.random.below(MAPPED.len())],
            false => "x",
        }
    }

    /// A condition on a variable that a map or the client's address decides.
    pub(super) fn mapped_condition(&mut self) -> Node {
        let test = *self.random.of(&[
            "$mapped",
            "$mapped = 1",
            "$mapped = 2",
            "$near = 0",
            "$near",
            "$nearby = no",
            "$nearby = maybe",
            "$secure = 0",
            "$secure",
            "$realm = y",
        ]);
        let then = *self
            .random
            .of(&["return 403", "return 403", "set $x 2", "return 404"]);
        Node::block(format!("if ({test})"), vec![Node::line(then)])
    }

    /// A variable that conditions put together and the last one decides by, as in certain recipes.
    pub(super) fn recipe(&mut self) -> Vec<Node> {
        let test = *self.random.of(&["H", "T", "HT"]);
        let conditions = [
            ("$scheme = http".to_owned(), "set $test H".to_owned()),
            ("$arg_m = 1".to_owned(), "set $test ${test}T".to_owned()),
            (format!("$test = {test}"), "return 403".to_owned()),
        ];
        let blocks = conditions
            .map(|(test, then)| Node::block(format!("if ({test})"), vec![Node::line(then)]));
        std::iter::once(Node::line("set $test ''"))
            .chain(blocks)
            .collect()
    }
}

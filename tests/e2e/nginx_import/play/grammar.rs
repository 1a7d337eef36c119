//! Random sites over all that the import reads, most of which it does not stop at.
//!
//! `@HTTP@`, `@HTTPS@`, `@ALT@`, `@HUB@`, `@OTHER@` and `@W@` stand for ports, hubs and the folder.

mod access;
mod fields;
mod locations;
mod rarities;
mod variables;

pub(super) use self::fields::{DEVICE, SECRET};
use super::{
    node::{Node, text},
    random::Random,
};

const NAMES: [&str; 12] = [
    "home.test",
    "other.test",
    "a.home.test",
    "*.home.test",
    ".home.test",
    "_",
    "home.*",
    "~^a\\.",
    "machine.test",
    "localhost",
    "b.other.test",
    "*.other.test",
];

/// Writes a site.
pub(super) struct Grammar {
    random: Random,
    tls: bool,
    /// Listens of which a server is the default already.
    defaulted: Vec<String>,
    /// Percentage of places with a directive that mostly stops the import.
    rarely: usize,
    /// True with variables that depend on a map or the client's address.
    mapped: bool,
    /// Proxies trusted for the client's address, and the depth of these directives.
    real_ip: (Vec<Node>, usize),
    listens: Vec<String>,
    /// The rules that most places choose from.
    rules: Vec<Vec<Node>>,
}

impl Grammar {
    /// Returns the content of `http`.
    pub(super) fn site(mut random: Random) -> Vec<Node> {
        let tls = random.percent(45);
        let mut grammar = Self {
            tls,
            defaulted: Vec::new(),
            rarely: if random.percent(10) { 12 } else { 1 },
            mapped: random.percent(12),
            real_ip: (Vec::new(), 0),
            listens: Vec::new(),
            rules: Vec::new(),
            random,
        };
        for _ in 0..2 {
            let rule = grammar.any_access();
            grammar.rules.push(rule);
        }
        grammar.http()
    }

    fn http(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        if self.random.percent(15) {
            let real_ip = self.real_ip();
            self.real_ip = (real_ip, self.random.below(5).saturating_sub(2));
        }
        nodes.extend(self.real_ip_at(0));
        if self.random.percent(15) {
            nodes.extend(self.access());
        }
        if self.mapped {
            nodes.extend(variables::blocks());
        }
        let mut pool = vec![Node::line("server @HUB@"), Node::line("keepalive 2")];
        if self.random.percent(20) {
            let other = *self.random.of(&["backup", "down", "backup down"]);
            pool.insert(1, Node::line(format!("server @OTHER@ {other}")));
        }
        nodes.push(Node::block("upstream pool", pool));
        if self.random.percent(20) {
            nodes.push(Node::line(*self.random.of(&[
                "server_tokens off",
                "gzip on",
                "error_page 404 /missing",
                "proxy_buffering off",
                "underscores_in_headers on",
                "proxy_set_header X-Remote-User $remote_user",
            ])));
        }
        self.fields(6, &mut nodes);
        self.listens = self.listens();
        let servers = *self.random.of(&[1, 1, 1, 2, 2, 3]);
        for nth in 0..servers {
            let server = self.server(nth);
            nodes.push(Node::block("server", server));
        }
        nodes
    }

    fn real_ip_at(&self, depth: usize) -> Vec<Node> {
        let (nodes, at) = &self.real_ip;
        if *at == depth {
            nodes.clone()
        } else {
            Vec::new()
        }
    }

    fn real_ip(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let from = *self
            .random
            .of(&["127.0.0.0/8", "127.0.0.2", "127.0.0.0/30", "unix:"]);
        nodes.push(Node::line(format!("set_real_ip_from {from}")));
        if self.random.percent(15) {
            nodes.push(Node::line("set_real_ip_from ::1"));
        }
        let header = match self.random.below(40) {
            0 => "X-Real-IP",
            1 => "proxy_protocol",
            _ => "X-Forwarded-For",
        };
        nodes.push(Node::line(format!("real_ip_header {header}")));
        if self.random.percent(96) {
            let on = if self.random.percent(96) { "on" } else { "off" };
            nodes.push(Node::line(format!("real_ip_recursive {on}")));
        }
        nodes
    }

    /// The addresses that most servers have.
    fn listens(&mut self) -> Vec<String> {
        let (port, ssl) = if self.tls {
            ("@HTTPS@", " ssl")
        } else {
            ("@HTTP@", "")
        };
        let all: [&[&str]; 8] = [
            &["127.0.0.1:"],
            &[""],
            &["", "[::]:"],
            &["[::1]:", "127.0.0.1:"],
            &["127.0.0.1:", "127.0.0.2:"],
            &["[::]:"],
            &["[::]:+"],
            &["*:", "127.0.0.1:"],
        ];
        let mut chosen = self.random.of(&all);
        if **chosen == ["[::]:"] && self.random.percent(85) {
            chosen = &all[2];
        }
        let listen = |begin: &&str| match begin.strip_suffix('+') {
            Some(begin) => format!("listen {begin}{port}{ssl} ipv6only=off"),
            None => format!("listen {begin}{port}{ssl}"),
        };
        chosen.iter().map(listen).collect()
    }

    fn server(&mut self, nth: usize) -> Vec<Node> {
        let mut nodes = self.real_ip_at(1);
        let plain = self.tls && nth > 0 && self.random.percent(25);
        self.addresses(nth, plain, &mut nodes);
        self.names(nth, &mut nodes);
        if self.tls {
            nodes.push(Node::line("ssl_certificate @W@/s.pem"));
            nodes.push(Node::line("ssl_certificate_key @W@/s.key"));
            if !plain && self.random.percent(30) {
                self.certificates(&mut nodes);
            }
        }
        if plain && self.random.percent(60) {
            nodes.push(Node::line("return 301 https://$host$request_uri"));
            return nodes;
        }
        if nth > 0 && self.random.percent(12) {
            nodes.push(self.redirect());
            return nodes;
        }
        if self.random.percent(45) {
            nodes.extend(self.access());
        }
        self.fields(8, &mut nodes);
        self.server_extras(&mut nodes);
        nodes.extend(self.locations(None, 0));
        if text(&nodes).contains("$chosen") && self.random.percent(60) {
            nodes.insert(0, Node::line("set $chosen @OTHER@"));
        }
        if text(&nodes).contains("@named") {
            nodes.push(Node::block(
                "location @named",
                vec![Node::line("proxy_pass http://@HUB@")],
            ));
        }
        nodes
    }

    fn addresses(&mut self, nth: usize, plain: bool, nodes: &mut Vec<Node>) {
        if plain {
            nodes.push(Node::line(*self.random.of(&[
                "listen 127.0.0.1:@HTTP@",
                "listen @HTTP@",
                "listen [::1]:@HTTP@",
            ])));
            return;
        }
        let mut listens = self.listens.clone();
        if self.random.percent(6) {
            listens = self.listens();
        }
        if self.random.percent(4) {
            listens.push("listen 127.0.0.1:@ALT@".to_owned());
        }
        if self.tls && self.random.percent(15) {
            listens.push(
                (*self
                    .random
                    .of(&["listen 127.0.0.1:@HTTP@", "listen @HTTP@"]))
                .to_owned(),
            );
        }
        if nth > 0 {
            // Options of a socket stand once.
            for listen in &mut listens {
                *listen = listen.replace(" ipv6only=off", "");
            }
        }
        let all = self.random.percent(12);
        for listen in &mut listens {
            let address = listen.replace(" ipv6only=off", "");
            let free = !self.defaulted.contains(&address);
            if free && (all || self.random.percent(3)) {
                self.defaulted.push(address);
                *listen += " default_server";
            }
        }
        nodes.extend(listens.into_iter().map(Node::line));
    }

    fn names(&mut self, nth: usize, nodes: &mut Vec<Node>) {
        let name = match nth {
            0 if self.random.percent(70) => "home.test",
            1 if self.random.percent(55) => "other.test",
            _ => self.random.of(&NAMES),
        };
        let mut names = vec![name];
        if self.random.percent(25) {
            let other = *self.random.of(&NAMES);
            if other != name {
                names.push(other);
            }
        }
        if self.random.percent(93) {
            nodes.push(Node::line(format!("server_name {}", names.join(" "))));
        }
    }
}

//! Random sites over all that the import reads, most of which it does not stop at.
//!
//! `@HTTP@`, `@HTTPS@`, `@ALT@`, `@HUB@`, `@OTHER@` and `@W@` stand for ports, hubs and the folder.

use super::{
    node::{Node, text},
    random::Random,
};

const PATHS: [&str; 20] = [
    "/", "/a", "/a/", "/a/", "/a/", "/a/b", "/a/b/", "/a/b/", "/ab", "/b/", "/b/", "/b", "/A/",
    "/a/b/c/", "/img/", "/b/a/", "/a.b/", "/rest/", "/rest/", "/ab/",
];
const EXPRESSIONS: [&str; 10] = [
    "^/a/",
    "\\.png$",
    "^/a/b$",
    "/x",
    "^/(a|b)/",
    "b",
    "^/rest/items",
    "^/b/.*c",
    "^/a/?$",
    "^/A",
];
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

/// How often what mostly stops the import is written, in percent for each place.
const RARELY: usize = 1;

/// Writes a site.
pub(super) struct Grammar {
    random: Random,
    tls: bool,
    /// Whether a server is the default of its addresses already.
    defaulted: bool,
    listens: Vec<String>,
    /// The rules that most places choose from.
    rules: Vec<Vec<Node>>,
}

impl Grammar {
    /// What stands in `http`.
    pub(super) fn site(mut random: Random) -> Vec<Node> {
        let tls = random.percent(45);
        let mut grammar = Self {
            tls,
            defaulted: false,
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
            self.real_ip(&mut nodes);
        }
        if self.random.percent(15) {
            nodes.extend(self.access());
        }
        if self.random.percent(10) {
            nodes.push(Node::block(
                "map $arg_m $mapped",
                vec![Node::line("default 0"), Node::line("1 1")],
            ));
        }
        if self.random.percent(6) {
            nodes.push(Node::block(
                "geo $near",
                vec![Node::line("default 0"), Node::line("127.0.0.1 1")],
            ));
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
        self.listens = self.listens();
        let servers = *self.random.of(&[1, 1, 1, 2, 2, 3]);
        for nth in 0..servers {
            let server = self.server(nth);
            nodes.push(Node::block("server", server));
        }
        nodes
    }

    fn real_ip(&mut self, nodes: &mut Vec<Node>) {
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
        let mut nodes = Vec::new();
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
        if self.random.percent(45) {
            nodes.extend(self.access());
        }
        self.server_extras(&mut nodes);
        nodes.extend(self.locations(None, 0));
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
        if !self.defaulted && self.random.percent(12) {
            self.defaulted = true;
            for listen in &mut listens {
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

    fn certificates(&mut self, nodes: &mut Vec<Node>) {
        nodes.push(Node::line("ssl_client_certificate @W@/ca.pem"));
        let how = match self.random.below(20) {
            0..8 => "on",
            8 if self.random.percent(40) => "optional_no_ca",
            9 => "off",
            _ => "optional",
        };
        nodes.push(Node::line(format!("ssl_verify_client {how}")));
        if self.random.percent(6) {
            nodes.push(Node::line(format!(
                "ssl_verify_depth {}",
                self.random.of(&[0, 1, 2])
            )));
        }
        if how == "optional" && self.random.percent(85) {
            nodes.push(Self::wants_certificate());
        }
    }

    fn wants_certificate() -> Node {
        Node::block(
            "if ($ssl_client_verify != SUCCESS)",
            vec![Node::line("return 403")],
        )
    }

    fn server_extras(&mut self, nodes: &mut Vec<Node>) {
        if self.random.percent(12) {
            nodes.push(Node::line(*self.random.of(&[
                "root @W@",
                "error_page 403 /denied",
                "error_page 401 = @named",
                "error_page 502 /50x.html",
                "set $x 1",
                "satisfy any",
                "auth_basic_user_file @W@/pw2",
                "proxy_set_header X-Remote-User $remote_user",
                "client_max_body_size 3m",
                "add_header X-A b",
                "merge_slashes on",
            ])));
        }
        if self.random.percent(RARELY) {
            nodes.push(self.rewrite());
        }
        if self.random.percent(RARELY) {
            nodes.push(self.condition());
        }
        if self.random.percent(RARELY) {
            nodes.push(Node::line(*self.random.of(&[
                "return 403",
                "return 301 https://$host$request_uri",
                "merge_slashes off",
                "try_files $uri =404",
                "ssl_reject_handshake off",
                "limit_rate 10m",
            ])));
        }
        if self.tls && self.random.percent(1) {
            nodes.push(Node::line("ssl_reject_handshake on"));
        }
    }

    fn rewrite(&mut self) -> Node {
        Node::line(*self.random.of(&[
            "rewrite ^ /static/down.html break",
            "rewrite ^/a/(.*)$ /b/$1 last",
            "rewrite ^/a /b redirect",
            "rewrite ^/b/ /a/ permanent",
            "break",
            "rewrite ^/rest(/.*)$ $1 break",
            "set $args x=1",
        ]))
    }

    fn condition(&mut self) -> Node {
        let test = *self.random.of(&[
            "$request_method = OPTIONS",
            "$host = home.test",
            "$arg_m = 1",
            "$arg_x",
            "$scheme = http",
            "$host != home.test",
            "$http_x_user",
            "$ssl_client_verify = NONE",
            "$ssl_client_verify != SUCCESS",
            "$http_host != home.test",
            "$remote_addr != 127.0.0.1",
        ]);
        let then = *self.random.of(&[
            "return 403",
            "return 204",
            "return 444",
            "set $x 2",
            "return 301 https://$host$request_uri",
            "break",
            "set $y 1",
        ]);
        Node::block(format!("if ({test})"), vec![Node::line(then)])
    }

    /// Who may enter, in a few of all the ways.
    fn access(&mut self) -> Vec<Node> {
        if self.random.percent(75) {
            return self.random.of(&self.rules).clone();
        }
        self.any_access()
    }

    fn any_access(&mut self) -> Vec<Node> {
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

    fn password(&mut self, nodes: &mut Vec<Node>) {
        nodes.push(Node::line("auth_basic x"));
        let file = *self.random.of(&["pw", "pw", "pw", "pw", "pw2", "twice"]);
        nodes.push(Node::line(format!("auth_basic_user_file @W@/{file}")));
    }

    fn networks(&mut self, nodes: &mut Vec<Node>) {
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

    /// The locations of a block.
    fn locations(&mut self, around: Option<&str>, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut taken = Vec::new();
        if around.is_none() && self.random.percent(85) {
            taken.push("/".to_owned());
            let block = self.location("/", depth);
            nodes.push(Node::block("location /", block));
        }
        let count = if around.is_none() {
            self.random.below(5)
        } else {
            1 + self.random.below(2)
        };
        for _ in 0..count {
            if let Some((line, path, key)) = self.matcher(around)
                && !taken.contains(&key)
            {
                taken.push(key);
                let block = self.location(&path, depth);
                nodes.push(Node::block(format!("location {line}"), block));
            }
        }
        nodes
    }

    /// How it is written, what nested ones begin with, and what no other beside it may have.
    fn matcher(&mut self, around: Option<&str>) -> Option<(String, String, String)> {
        let within = around.unwrap_or_default();
        if within == "~" || self.random.percent(7) {
            let expression = *self.random.of(&EXPRESSIONS);
            let sign = *self.random.of(&["~", "~", "~*"]);
            return Some((
                format!("{sign} {expression}"),
                "~".to_owned(),
                format!("{sign}{expression}"),
            ));
        }
        let fitting: Vec<_> = PATHS
            .iter()
            .filter(|path| path.starts_with(within) && **path != within)
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let path = **self.random.of(&fitting);
        let (bare, slash) = (path.trim_end_matches('/'), path.ends_with('/'));
        let kind = self.random.below(10);
        if kind > 1 && !slash && self.random.percent(70) {
            return None;
        }
        Some(match kind {
            0 | 1 if slash && bare.len() > within.len() && self.random.percent(85) => {
                (format!("= {bare}"), "=".to_owned(), format!("={bare}"))
            }
            0 | 1 => (format!("= {path}"), "=".to_owned(), format!("={path}")),
            2 => (format!("^~ {path}"), path.to_owned(), path.to_owned()),
            _ => (path.to_owned(), path.to_owned(), path.to_owned()),
        })
    }

    fn location(&mut self, path: &str, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        let kind = self.random.below(100);
        match kind {
            0..80 => self.proxied(path, &mut nodes),
            80..85 => nodes.push(Node::line(*self.random.of(&[
                "return 403",
                "return 404",
                "return 444",
                "return 403 no",
                "return 204",
                "return 302 /b/",
            ]))),
            85..90 => nodes.push(Node::line("root @W@/www")),
            90..94 => nodes.push(Node::line("deny all")),
            94..96 => {
                nodes.push(Node::line("internal"));
                self.proxied(path, &mut nodes);
            }
            _ => nodes.push(Node::line("add_header X-B c")),
        }
        if kind < 90 && self.random.percent(30) {
            nodes.extend(self.access());
        }
        if path != "=" && depth < 2 && self.random.percent(18) {
            let inner = self.locations(Some(path), depth + 1);
            nodes.extend(inner);
        }
        nodes
    }

    fn proxied(&mut self, path: &str, nodes: &mut Vec<Node>) {
        let pass = match self.random.below(40) {
            0..25 => "http://@HUB@",
            25..29 if path == "/" => "http://@HUB@/",
            25..28 => "http://pool",
            28 | 29 if path.starts_with('/') => return self.same_path(path, nodes),
            30..34 => "http://@OTHER@",
            34 => "http://@HUB@$request_uri",
            35 if path.starts_with('/') => "http://@HUB@/b/",
            36 => "http://$chosen",
            _ => "http://@HUB@",
        };
        if pass == "http://$chosen" {
            nodes.push(Node::line("set $chosen @HUB@"));
        }
        nodes.push(Node::line(format!("proxy_pass {pass}")));
        if self.random.percent(25) {
            nodes.push(Node::line(*self.random.of(&[
                "proxy_set_header Host $http_host",
                "proxy_set_header Host $host",
                "proxy_set_header X-Remote-User $remote_user",
                "proxy_read_timeout 100",
                "error_page 404 = /a/",
                "error_page 403 = @named",
                "proxy_set_header Accept-Encoding ''",
                "proxy_http_version 1.1",
            ])));
        }
        self.rarely(nodes);
    }

    /// A hub with the path that the location has, which changes nothing.
    fn same_path(&mut self, path: &str, nodes: &mut Vec<Node>) {
        nodes.push(Node::line(format!("proxy_pass http://@HUB@{path}")));
        self.rarely(nodes);
    }

    fn rarely(&mut self, nodes: &mut Vec<Node>) {
        if self.random.percent(RARELY) {
            nodes.push(self.rewrite());
        }
        if self.random.percent(RARELY) {
            nodes.push(self.condition());
        }
        if self.tls && self.random.percent(RARELY) {
            nodes.push(Self::wants_certificate());
        }
        if self.random.percent(RARELY) {
            nodes.push(Node::block(
                "limit_except GET",
                vec![Node::line("deny all")],
            ));
        }
        if self.random.percent(RARELY) {
            nodes.push(Node::line(*self.random.of(&[
                "try_files $uri @named",
                "proxy_method GET",
                "proxy_set_header X-User $remote_user",
                "proxy_set_header X-User ''",
                "proxy_pass_request_headers off",
                "internal",
                "stub_status",
                "auth_request /auth",
                "proxy_set_header Host inside.test",
            ])));
        }
    }
}

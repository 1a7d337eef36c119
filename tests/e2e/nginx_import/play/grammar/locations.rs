//! Locations within each other, and what is in them.

use super::{super::node::Node, Grammar};

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

impl Grammar {
    /// The locations of a block.
    pub(super) fn locations(&mut self, around: Option<&str>, depth: usize) -> Vec<Node> {
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

    /// Returns the matcher's text, the prefix of nested locations, and the key that must be unique
    /// among its siblings.
    pub(super) fn matcher(&mut self, around: Option<&str>) -> Option<(String, String, String)> {
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

    pub(super) fn location(&mut self, path: &str, depth: usize) -> Vec<Node> {
        let mut nodes = self.real_ip_at(2);
        let kind = self.random.below(100);
        match kind {
            0..80 => self.proxied(path, &mut nodes),
            80 | 81 if path.starts_with('/') && !path.ends_with('/') => {
                nodes.push(Node::line(format!("return 301 $scheme://$host{path}/")));
            }
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

    pub(super) fn proxied(&mut self, path: &str, nodes: &mut Vec<Node>) {
        let variable = self.random.percent(5);
        if variable {
            self.chosen(nodes);
            return self.rarely(nodes);
        }
        let pass = match self.random.below(40) {
            0..25 => "http://@HUB@",
            25..29 if path == "/" => "http://@HUB@/",
            25..28 => "http://pool",
            28 | 29 if path.starts_with('/') => return self.same_path(path, nodes),
            30..34 => "http://@OTHER@",
            34 => "http://@HUB@$request_uri",
            35 if path.starts_with('/') => "http://@HUB@/b/",
            _ => "http://@HUB@",
        };
        nodes.push(Node::line(format!("proxy_pass {pass}")));
        self.fields(12, nodes);
        if self.random.percent(25) {
            nodes.push(Node::line(*self.random.of(&[
                "proxy_set_header Host $http_host",
                "proxy_set_header Host $host",
                "proxy_set_header X-Remote-User $remote_user",
                "proxy_read_timeout 100",
                "error_page 404 = /a/",
                "error_page 403 = @named",
                "error_page 401 =200 /b/",
                "error_page 403 404 http://other.test/",
                "proxy_set_header Accept-Encoding ''",
                "proxy_http_version 1.1",
            ])));
        }
        self.rarely(nodes);
    }

    /// A hub with the path that the location has, which changes nothing.
    pub(super) fn same_path(&mut self, path: &str, nodes: &mut Vec<Node>) {
        nodes.push(Node::line(format!("proxy_pass http://@HUB@{path}")));
        self.rarely(nodes);
    }
}

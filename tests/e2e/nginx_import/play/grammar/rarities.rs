//! Directives that mostly stop the import.

use super::{super::node::Node, Grammar};

impl Grammar {
    pub(super) fn server_extras(&mut self, nodes: &mut Vec<Node>) {
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
                "error_page 403 404 /b/",
                "error_page 495 496 = @named",
                "recursive_error_pages on",
                "proxy_intercept_errors on",
                "add_header Access-Control-Allow-Origin https://panel.test",
                "satisfy ANY",
            ])));
        }
        if self.random.percent(2) {
            let recipe = self.recipe();
            nodes.extend(recipe);
        }
        if self.mapped && self.random.percent(12) {
            nodes.push(self.mapped_condition());
        }
        if self.random.percent(self.rarely) {
            nodes.push(self.rewrite());
        }
        if self.random.percent(self.rarely) {
            nodes.push(self.condition());
        }
        if self.random.percent(self.rarely) {
            nodes.push(Node::line(*self.random.of(&[
                "return 403",
                "return 403 no",
                "return 200 ok",
                "return 301 https://$host$request_uri",
                "merge_slashes off",
                "try_files $uri =404",
                "ssl_reject_handshake off",
                "limit_rate 10m",
            ])));
        }
        if self.tls && self.random.percent(1) {
            nodes.push(Node::line(
                *self
                    .random
                    .of(&["ssl_reject_handshake on", "ssl_reject_handshake ON"]),
            ));
        }
    }

    /// A redirect of the whole server to another host.
    pub(super) fn redirect(&mut self) -> Node {
        let leads = [
            "return 301 https://new.test$request_uri",
            "return 308 $scheme://new.test$request_uri",
            "return 301 https://home.test$request_uri",
            "return 301 https://other.test$request_uri",
            "return 302 https://new.test$request_uri",
            "rewrite ^/(.*)$ https://new.test/$1 permanent",
            "return 301 http://new.test$request_uri",
        ];
        let lead = *self.random.of(&leads);
        match self.random.percent(30) && lead.starts_with("return") {
            true => Node::block("location /", vec![Node::line(lead)]),
            false => Node::line(lead),
        }
    }

    pub(super) fn rewrite(&mut self) -> Node {
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

    pub(super) fn condition(&mut self) -> Node {
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

    pub(super) fn rarely(&mut self, nodes: &mut Vec<Node>) {
        if self.random.percent(self.rarely) {
            nodes.push(self.rewrite());
        }
        if self.random.percent(self.rarely) {
            nodes.push(self.condition());
        }
        if self.tls && self.random.percent(self.rarely) {
            nodes.push(Self::wants_certificate());
        }
        if self.mapped && self.random.percent(6) {
            nodes.push(self.mapped_condition());
        }
        if self.random.percent(self.rarely) {
            let mut inner = vec![Node::line("deny all")];
            if self.random.percent(60) {
                inner = self.any_access();
            }
            let methods = *self.random.of(&["GET", "GET POST", "HEAD"]);
            nodes.push(Node::block(format!("limit_except {methods}"), inner));
        }
        if self.random.percent(self.rarely) {
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

//! Mistakes in the keys of a site, each with its whole fault.

use super::file_mistakes::assert_faults;

#[test]
fn each_mistake_in_a_site_is_reported_with_its_place_and_cure() {
    assert_faults(MISTAKES);
}

const MISTAKES: &[(&str, &str)] = &[
    (
        "certificate: acme",
        "2:13: sites[0].hosts[0]: no public CA certifies a.example: put it in a site of its own with `certificate: self-signed`",
    ),
    (
        "certificate: self-singed",
        r#"4:18: sites[0].certificate: expected "self-signed", "acme" or a block with chain, key, found "self-singed"; did you mean "self-signed"?"#,
    ),
    (
        "certificate: {chain: a.pem}",
        r#"4:18: sites[0].certificate: the key "key" is missing: add it to this block"#,
    ),
    (
        "access:",
        r#"4:11: sites[0].access: expected "public" or a block with client_certificate, client_headers, networks, origins, password, satisfy, session, found nothing; write a value or remove the key"#,
    ),
    (
        "access: {}",
        "4:13: sites[0].access: admits no request: name networks, password or client_certificate, or write `public`",
    ),
    (
        "access: {origins: [\"https://a.example\"]}",
        "4:13: sites[0].access: admits no request: name networks, password or client_certificate, or write `public`",
    ),
    (
        "access: {networks: []}",
        "4:24: sites[0].access.networks: no network at all: name one, or remove `networks`",
    ),
    (
        "access: {networks: [192.168.1.5/24]}",
        r#"4:25: sites[0].access.networks[0]: "192.168.1.5/24" names one host of a network: write 192.168.1.0/24 or 192.168.1.5"#,
    ),
    (
        "access: {client_certificate: {ca: own, crl: phones.crl}}",
        "4:49: sites[0].access.client_certificate.crl: hubgate stores the revocations of its own CA itself (`hubgate client revoke`): remove `crl`",
    ),
    (
        "access: {client_certificate: {ca: ca.pem, allow: []}}",
        "4:54: sites[0].access.client_certificate.allow: no certificate is accepted: write a common name, or remove `allow` to accept all that the CA signed",
    ),
    (
        "access: {networks: [lan], client_headers: x-ssl-client}",
        "4:47: sites[0].access.client_headers: no client certificate to send: add `client_certificate` here, or remove this",
    ),
    (
        "access: {client_certificate: ca.pem, client_headers: true}",
        "4:58: sites[0].access.client_headers: true names no header: write x-ssl-client or client-cert",
    ),
    (
        "access: {networks: [lan], session: 1d}",
        "4:40: sites[0].access.session: no login to remember: add `password` or `client_certificate` here, or remove this",
    ),
    (
        "access: {networks: [lan], origins: []}",
        "4:40: sites[0].access.origins: no origin at all: name one, or remove `origins`",
    ),
    (
        "access: {networks: [lan], origins: [\"*\"]}",
        "4:41: sites[0].access.origins[0]: `*` would let the pages of every site act here: name each origin, such as https://panel.example.org",
    ),
    (
        "access: {networks: [lan], origins: [\"null\", \"null\"]}",
        "4:49: sites[0].access.origins[1]: null is listed before: keep one",
    ),
    (
        "access: {password: users, session: 1m}",
        r#"4:40: sites[0].access.session: "1m" is too short: write 5m or more, or off"#,
    ),
    (
        "access: {password: users, session: 366d}",
        r#"4:40: sites[0].access.session: "366d" is too long: write 365d or less"#,
    ),
    (
        "access: {password: users, session: forever}",
        r#"4:40: sites[0].access.session: "forever" is no duration: write a number with s, m, h or d, such as 10s"#,
    ),
    (
        "listen: {https: []}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: {password: users, session: 1d}}]",
        "2:81: sites[0].access.session: a login is remembered over TLS only: give `listen.https` an address, or remove this",
    ),
    (
        "paths: [{path: /a, access: {password: users, session: off}}]",
        "4:59: sites[0].paths[0].access.session: a login is remembered for a whole site: write this in the site's `access`",
    ),
    (
        "paths: [{path: static, access: public}]",
        r#"4:20: sites[0].paths[0].path: "static" does not begin with a slash: write "/static""#,
    ),
    (
        "paths: [{path: /a/../b, access: public}]",
        r#"4:20: sites[0].paths[0].path: "/a/../b" has an empty or dot segment: write the path without it"#,
    ),
    (
        "paths: [{path: /a}]",
        "4:13: sites[0].paths[0]: changes nothing: add `access`, `upstream` or `serve`, or remove it",
    ),
    (
        "paths: [{path: /a, access: public}, {path: /a, access: public}]",
        "4:48: sites[0].paths[1].path: sites[0].paths[0] has this path already: keep one of the two",
    ),
    (
        "sites: [{hosts: [a], upstream: \"http://h:1\"}]",
        "1:9: sites[0]: no `access`: write `access: public` for everyone, or name networks, password or client_certificate in it",
    ),
    (
        "paths: [{path: /a, access: {}}]",
        "4:32: sites[0].paths[0].access: admits no request: name networks, password or client_certificate, or write `public`",
    ),
    (
        "hsts: yes",
        r#"4:11: sites[0].hsts: expected "auto", "off" or a block with include_subdomains, max_age, found "yes""#,
    ),
    (
        "hsts: {max_age: 1y}",
        r#"4:21: sites[0].hsts.max_age: "1y" is no duration: write a number with s, m, h or d, such as 10s"#,
    ),
    (
        "hsts: {include_subdomains: yes}",
        r#"4:32: sites[0].hsts.include_subdomains: expected true or false, found "yes"; write true"#,
    ),
    (
        "headers: {Connection: close}",
        "4:27: sites[0].headers.Connection: Connection belongs to the connection, so hubgate sets it: remove it",
    ),
    (
        "headers: {X-A: a, x-a: b}",
        "4:28: sites[0].headers.x-a: X-A is the same header: keep one",
    ),
    (
        "headers: {X-A: 1}",
        "4:20: sites[0].headers.X-A: expected text, found the number 1; if it is text, put it in quotes",
    ),
    (
        "paths: [{path: /admin/*, access: {networks: [lan]}}]",
        r#"4:20: sites[0].paths[0].path: "/admin/*" is a pattern, and rules take the beginning of a path: write "/admin/", which is all below it"#,
    ),
    (
        "paths: [{path: /admin/, prefix: true, access: public}]",
        "4:37: sites[0].paths[0].prefix: a path that ends in a slash covers everything below it anyway: remove `prefix`",
    ),
    (
        "paths: [{path: /a, access: public}, {path: /a, prefix: true, access: public}, {path: /a, prefix: true, access: public}]",
        "4:90: sites[0].paths[2].path: sites[0].paths[1] has this path already: keep one of the two",
    ),
    (
        "access: {networks: [0.0.0.0/0]}",
        r#"4:25: sites[0].access.networks[0]: "0.0.0.0/0" is the whole Internet: write `access: public`, or `networks: [public]` to require no password anywhere"#,
    ),
    (
        "access: {networks: [192.168.1.0]}",
        r#"4:25: sites[0].access.networks[0]: "192.168.1.0" is the beginning of a network: write 192.168.1.0/24 for the network, or 192.168.1.0/32 for that one address"#,
    ),
    (
        "access: {networks: yes}",
        r#"4:24: sites[0].access.networks: expected a list, found "yes"; write [lan] for the networks at home, or `access: public` for everyone"#,
    ),
    (
        "access: {networks: \"lan, 10.0.0.0/8\"}",
        r#"4:24: sites[0].access.networks: expected a list, found "lan, 10.0.0.0/8"; write ["lan", "10.0.0.0/8"]"#,
    ),
    (
        "access: {client_certificate: OWN}",
        r#"4:34: sites[0].access.client_certificate: "OWN" would be a file: write own"#,
    ),
    (
        "access: PUBLIC",
        r#"4:13: sites[0].access: expected "public" or a block with client_certificate, client_headers, networks, origins, password, satisfy, session, found "PUBLIC"; did you mean "public"?"#,
    ),
    (
        "password: users",
        "4:5: sites[0]: unknown key \"password\"; `password` belongs in `sites[].access`: write it there",
    ),
    (
        "hsts: off\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:1: unknown key \"hsts\"; `hsts` belongs to a site: write it below a site's `hosts`",
    ),
    (
        "listen: {http: [], https: [443]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:28: listen.https[0]: expected text, found the number 443; write "[::]:443""#,
    ),
    (
        "listen: {https: 8443}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:17: listen.https: expected a list, found the number 8443; write ["[::]:8443"]"#,
    ),
    (
        "listen: {https: [\"127.0.0.1:184430\"]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:18: listen.https[0]: 184430 is no port: ports go from 1 to 65535",
    ),
    (
        "listen: {https: [\"::1:443\"]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:18: listen.https[0]: an IPv6 address needs brackets: write "[::1]:443""#,
    ),
    (
        r#"sites: [{hosts: [_], upstream: "http://h:1", access: public}]"#,
        r#"1:18: sites[0].hosts[0]: "_" means every other name to NGINX, and hubgate serves only the hosts that it lists: write the names that people type, such as home.example.org"#,
    ),
    (
        r#"sites: [{hosts: [haustür.example.org], upstream: "http://h:1", access: public}]"#,
        r#"1:18: sites[0].hosts[0]: "haustür.example.org" is not ASCII: write xn--haustr-7ya.example.org, as the DNS has it"#,
    ),
    (
        r#"sites: [{hosts: [a], upstream: "http://127.0.0.1:443", access: public}]"#,
        "1:32: sites[0].upstream: http://127.0.0.1:443 is hubgate itself, which listens there: write the hub's own address and port, such as http://127.0.0.1:8080",
    ),
    (
        r#"sites: [{hosts: [a], upstream: {servers: ["http://h:1", "https://A:443"]}, access: public}]"#,
        "1:57: sites[0].upstream.servers[1]: https://a:443 is hubgate itself, which listens there: write the hub's own address and port, such as http://127.0.0.1:8080",
    ),
    (
        "sites: [{hosts: [a], access: public}]",
        "1:9: sites[0]: no `upstream`: write the address of the hub, such as http://127.0.0.1:8080, or `redirect` with another origin, such as https://home.example.org",
    ),
    (
        r#"sites: [{hosts: [a], upstream: "http://h:1", serve: metrics, access: public}]"#,
        "1:53: sites[0].serve: hubgate answers itself or has a hub: keep `serve`, `upstream` or `redirect`",
    ),
    (
        r#"sites: [{hosts: [a], serve: status, access: public}]"#,
        r#"1:29: sites[0].serve: expected "metrics", found "status""#,
    ),
    (
        r#"sites: [{hosts: [a], upstream: "http://h:1", redirect: "https://b", access: public}]"#,
        "1:56: sites[0].redirect: a site has a hub or redirects: keep `upstream` or `redirect`",
    ),
    (
        r#"sites: [{hosts: [a], redirect: "https://b", access: public}]"#,
        "1:53: sites[0].access: `redirect` answers every request, so this has no effect: remove `access`",
    ),
    (
        r#"sites: [{hosts: [a], redirect: "https://b", paths: [{path: /x, access: public}]}]"#,
        "1:52: sites[0].paths: `redirect` answers every request, so this has no effect: remove `paths`",
    ),
    (
        r#"sites: [{hosts: [a], redirect: "https://b", headers: {X-A: b}}]"#,
        "1:54: sites[0].headers: `redirect` answers every request, so this has no effect: remove `headers`",
    ),
    (
        r#"sites: [{hosts: [a], redirect: "https://b", user_header: Remote-User}]"#,
        "1:58: sites[0].user_header: `redirect` answers every request, so this has no effect: remove `user_header`",
    ),
    (
        r#"sites: [{hosts: [a], redirect: "http://b"}]"#,
        "1:32: sites[0].redirect: http://b leads from TLS into the clear: write https://b",
    ),
    (
        r#"sites: [{hosts: [a], redirect: "https://b/x"}]"#,
        r#"1:32: sites[0].redirect: "https://b/x" has more than scheme, host and port: write https://b; hubgate adds the path and query of each request"#,
    ),
    (
        r#"sites: [{hosts: [a, b], redirect: "https://B"}]"#,
        "1:35: sites[0].redirect: https://b leads back to this site, and browsers stop at such a loop: name a host of another site or machine",
    ),
    (
        "listen: {https: [\"[::]:8443\"]}\nsites: [{hosts: [\"*.example.org\"], redirect: \"https://www.example.org:8443\"}]",
        "2:46: sites[0].redirect: https://www.example.org:8443 leads back to this site, and browsers stop at such a loop: name a host of another site or machine",
    ),
    (
        "access: lan",
        r#"4:13: sites[0].access: expected "public" or a block with client_certificate, client_headers, networks, origins, password, satisfy, session, found "lan"; write {networks: [lan]}"#,
    ),
    (
        "access: [lan, 10.0.0.1]",
        r#"4:13: sites[0].access: expected "public" or a block with client_certificate, client_headers, networks, origins, password, satisfy, session, found a list; write {networks: [lan]}"#,
    ),
    (
        "access: none",
        r#"4:13: sites[0].access: expected "public" or a block with client_certificate, client_headers, networks, origins, password, satisfy, session, found "none"; write public for everyone, or the factors, such as {networks: [lan]}"#,
    ),
    (
        "sites:\n  hosts: [a]\n  access: public",
        "2:3: sites: expected a list, found a block; each item begins with a dash and a space: write `- ` before the first key",
    ),
    (
        "sites: [{hosts: [a], upstream: 8080, access: public}]",
        "1:32: sites[0].upstream: expected text or a block with ca, connections, headers, health, host, http2, kind, pin, servers, found the number 8080; write http://127.0.0.1:8080",
    ),
    (
        "listen: 443\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:9: listen: expected a block with http, https, found the number 443; write {https: ["[::]:443"]}"#,
    ),
];

use std::path::Path;

use crate::nginx::{
    model::variables::*,
    read::{files::InMemory, parser::Parser},
};

const HEAD: &str = "map $scheme $secure { https yes; } map $arg_x $mapped { default a; 1 b; } map $host $app { \
    default other; home.test home; } map $secure $twice { yes 2; } map $arg_y $same { default z; 1 z; } \
    map $t $of_set { default x; } map $uri $open { ~(?<part>.*) x; }";

/// The variables of `location /x/` in a server with this before it.
fn check(server: &str, location: &str, asserted: impl Fn(&Variables<'_>)) {
    let text = format!(
        "{HEAD} server {{ server_name home.test; {server} location /x/ {{ {location} }} }}"
    );
    let files = InMemory([("/e/n".into(), text)].into());
    let parsed = Parser::new(&files)
        .parse(Path::new("/e/n"), Path::new("/e"))
        .unwrap();
    let levels = Inheritance::http(parsed.iter().collect());
    let server = parsed.last().unwrap();
    let levels = levels
        .within(server)
        .within(server.children().last().unwrap());
    asserted(&Variables::evaluate(&levels, true));
}

fn fixed(server: &str, location: &str, text: &str) -> Option<String> {
    let mut found = None;
    let cell = std::cell::RefCell::new(&mut found);
    check(server, location, |variables| {
        **cell.borrow_mut() = variables.fixed(text);
    });
    found
}

#[test]
fn the_last_set_before_proxy_pass_gives_a_constant_its_value() {
    for (server, location, text, expected) in [
        ("set $a 1;", "", "$a", Some("1")),
        (
            "set $a 1;",
            "set $a 2;",
            "http://$a:${A}0",
            Some("http://2:20"),
        ),
        ("set $a 1; set $a $a$a;", "", "$a", Some("11")),
        ("set $a $b; set $b 1;", "", "$a", None),
        ("set $a $arg_x;", "", "$a", None),
        ("if ($arg_x) { set $a 1; }", "", "$a", None),
        ("set $a 1; if ($arg_x) { set $a 2; }", "", "$a", None),
        ("set $a 1; if ($arg_x) { set $a 1; }", "", "$a", Some("1")),
        (
            "set $a 1; if ($arg_x) { set $a 2; }",
            "set $a 3;",
            "$a",
            Some("3"),
        ),
        ("location /y/ { set $a 1; }", "", "$a", None),
        ("set $a 1; location ~ ^/(?<a>.*) { }", "", "$a", None),
        ("", "", "$part", None),
        ("set $t a;", "", "$of_set", None),
    ] {
        assert_eq!(
            fixed(server, location, text).as_deref(),
            expected,
            "{server} {location} {text}"
        );
    }
}

#[test]
fn a_map_has_the_values_of_the_keys_that_its_source_can_have() {
    for (text, expected) in [
        ("$secure", Some("yes")),
        ("$twice", Some("2")),
        ("$app", Some("home")),
        ("$same", Some("z")),
        ("$mapped", None),
        ("$open", None),
        ("$none", None),
    ] {
        assert_eq!(fixed("", "", text).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_condition_that_no_value_fulfils_is_never_true() {
    for (server, never) in [
        ("if ($scheme = http) { return 301 https://$host; }", true),
        ("if ($scheme = https) { return 403; }", false),
        ("if ($mapped = c) { return 403; }", true),
        ("if ($mapped = b) { return 403; }", false),
        ("if ($host != \"home.test\") { return 403; }", true),
        ("if ($arg_x = b) { return 403; }", false),
        ("if ($scheme ~ http) { return 403; }", false),
        ("set $a ''; if ( $a ) { return 403; }", true),
        ("set $a 0; if ($a) { return 403; }", true),
        (
            "set $t ''; if ($scheme = http) { set $t H; } if ($arg_x) { set $t ${t}T; } if ($t = H) { return 403; }",
            true,
        ),
        (
            "set $t ''; if ($arg_x) { set $t H; } if ($t = H) { return 403; }",
            false,
        ),
    ] {
        let text = format!("{HEAD} server {{ server_name home.test; {server} }}");
        let files = InMemory([("/e/n".into(), text)].into());
        let parsed = Parser::new(&files)
            .parse(Path::new("/e/n"), Path::new("/e"))
            .unwrap();
        let levels = Inheritance::http(parsed.iter().collect()).within(parsed.last().unwrap());
        let last = *levels.own_all("if").last().unwrap();
        assert_eq!(
            Variables::evaluate(&levels, true).is_never(last),
            never,
            "{server}"
        );
    }
}

//! Text that is no YAML, or exceeds its limits.

use super::faults;

#[test]
fn text_that_is_no_yaml_is_one_fault_with_its_position() {
    for (text, expected) in NOT_YAML {
        let faults = faults(text);
        let headline = faults.lines().next().unwrap();
        assert_eq!(
            headline.strip_prefix("proxy.yaml:"),
            Some(*expected),
            "{text:?}"
        );
    }
}

const NOT_YAML: &[(&str, &str)] = &[
    (
        "",
        "1:1: the file is empty: write at least `sites` with one site",
    ),
    (
        "# nothing here\n",
        "1:1: the file is empty: write at least `sites` with one site",
    ),
    ("a: 1\na: 2\n", r#"2:1: a second "a": keep one of the two"#),
    (
        "a: 1\n---\nb: 2\n",
        "3:1: a second document: remove the line `---` before it",
    ),
    (
        "a:\n\t- 2\n",
        "2:2: tabs disallowed within this context (block indentation): indent with spaces; the line has a tab",
    ),
    (
        "hosts: [*.example.org]\n",
        r#"1:9: an alias without its anchor: text that begins with `*` needs quotes: "*.example.org""#,
    ),
    (
        "http: [[::]:80]\n",
        r#"1:8: a key that is not text: an address in brackets needs quotes: "[::]:443""#,
    ),
    (
        "sites:\n\u{a0} - hosts: [a]\n    upstream: x\n",
        "2:1: U+00A0 is not a space to YAML: type a plain space",
    ),
    (
        "a: \"x\n",
        "1:4: unclosed quote: check the indentation, and that quotes and brackets are closed",
    ),
    (
        "a: {b: 1\n",
        "1:4: unclosed bracket '{': check the indentation, and that quotes and brackets are closed",
    ),
    (
        "a: @x\n",
        "1:4: unexpected character: `@': text that begins like this needs quotes",
    ),
    (
        "a: !include x\n",
        "1:13: unsupported tag `!include`: remove it, or put the text in quotes",
    ),
    (
        "a: .nan\n",
        "1:4: value `.nan` is not a finite number: if it is text, put it in quotes",
    ),
    (
        "? [a]\n: b\n",
        "1:3: a key that is not text: check the indentation, and that quotes and brackets are closed",
    ),
    (
        "- a\n",
        "1:1: expected a block with acme, history, limits, listen, log, sites, state, trusted_proxies, found a list",
    ),
    (
        "sites\n",
        r#"1:1: expected a block with acme, history, limits, listen, log, sites, state, trusted_proxies, found "sites""#,
    ),
    (
        "a: \u{1b}[1m\n",
        r#"1:4: unexpected character: `\u{1b}': check the indentation, and that quotes and brackets are closed"#,
    ),
];

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (this, last) in ["b", "c", "d", "e", "f", "g"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f"])
    {
        let items = vec![format!("*{last}"); 10].join(", ");
        text += &format!("{this}: &{this} [{items}]\n");
    }
    assert!(faults(&text).contains("too many values or levels"));
}

#[test]
fn deep_nesting_is_refused_without_deep_recursion() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        faults(&text);
    }
}

#[test]
fn a_dash_or_colon_without_a_space_and_an_equals_sign_have_a_cure() {
    for (site, cure) in [
        (
            "-hosts: [a]\n    upstream: http://h:1",
            "write a space after the dash",
        ),
        (
            "- hosts: [a]\n    upstream:http://h:1",
            "write a space after the colon",
        ),
        ("- hosts: [a]\n    upstream = http://h:1", "instead of ="),
    ] {
        let faults = faults(&format!("sites:\n  {site}\n    access: public\n"));
        assert!(faults.contains(cure), "{faults}");
    }
}

//! The path of a rule, as it is matched on the decoded, dot-resolved path of a request.

/// Checks that a request's path can ever be equal to this one or below it.
pub(super) fn parse(text: &str) -> Result<String, String> {
    if is_pattern(text) {
        return Err(not_a_pattern(text));
    }
    if !text.starts_with('/') {
        return Err(format!(
            "\"{text}\" does not begin with a slash: write \"/{text}\""
        ));
    }
    if let Some(c) = text.chars().find(|c| is_refused(*c)) {
        return Err(format!(
            "{c:?} cannot be in the path of a rule: rules match the decoded path without parameters and query"
        ));
    }
    let mut segments = text.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let inner = segment.is_empty() && segments.peek().is_some();
        if inner || segment == "." || segment == ".." {
            return Err(format!(
                "\"{text}\" has an empty or dot segment: write it without"
            ));
        }
    }
    Ok(text.to_owned())
}

/// Whether it is meant as a shell's pattern, a regular expression or a location of NGINX.
fn is_pattern(text: &str) -> bool {
    text.starts_with(['^', '~', '=']) || text.contains(['*', '^', '|']) || text.ends_with('$')
}

fn not_a_pattern(text: &str) -> String {
    let begun = text.trim_start_matches(['^', '~', '*', '=', ' ']);
    let ends = ["$", "*", ".", "$"];
    let literal = ends
        .iter()
        .fold(begun, |path, end| path.strip_suffix(end).unwrap_or(path));
    let is_plain =
        literal.starts_with('/') && !literal.contains(['*', '^', '|', '$', '(', '[', '+']);
    let cure = match (is_plain, literal.ends_with('/')) {
        (false, _) => "write a rule for each, such as /admin/".to_owned(),
        (true, true) => format!("write \"{literal}\", which is all below it"),
        (true, false) => format!("write \"{literal}\", which is that path and all below it"),
    };
    format!("\"{text}\" is a pattern, and rules take the beginning of a path: {cure}")
}

fn is_refused(c: char) -> bool {
    "%;?#\\".contains(c) || c.is_whitespace() || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_no_cleaned_request_can_have_is_refused() {
        for path in ["/", "/static", "/static/", "/rest/events", "/a.b/..c"] {
            assert_eq!(parse(path), Ok(path.to_owned()));
        }
        assert!(parse("static").unwrap_err().ends_with("write \"/static\""));
        for path in ["/a%2fb", "/a;b", "/a?b", "/a#b", "/a\\b", "/a b", "/a\0"] {
            assert!(parse(path).unwrap_err().contains("cannot be in"), "{path}");
        }
        for path in ["/..", "/a/../b", "/./a", "//", "//a", "/a//b"] {
            assert!(parse(path).unwrap_err().contains("segment"), "{path}");
        }
        assert!(parse("").is_err());
    }

    #[test]
    fn a_pattern_is_refused_with_the_path_it_stands_for() {
        for (text, cure) in [
            ("/admin/*", r#"write "/admin/", which is all below it"#),
            ("/admin*", r#"write "/admin", which is that path"#),
            ("^/api", r#"write "/api", which"#),
            ("~ ^/api/.*$", r#"write "/api/", which"#),
            ("^~ /api/", r#"write "/api/", which"#),
            ("= /login", r#"write "/login", which"#),
            ("/api$", r#"write "/api", which"#),
            ("*.php", "write a rule for each"),
            ("/a/*/b", "write a rule for each"),
            ("~ ^/(a|b)", "write a rule for each"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(cure), "{text}: {refused}");
        }
    }
}

//! The path of a rule, which is compared with the decoded path of a request, without dot segments.

/// A rule's path as written.
pub(super) struct RulePath<'t>(pub(super) &'t str);

impl RulePath<'_> {
    /// Checks that the path of a request can be equal to this one, or below it.
    pub(super) fn parse(&self) -> Result<String, String> {
        let text = self.0;
        if self.is_pattern() {
            return Err(self.pattern_refusal());
        }
        if !text.starts_with('/') {
            return Err(format!(
                "\"{text}\" does not begin with a slash: write \"/{text}\""
            ));
        }
        let is_refused = |c: &char| "%;?#\\".contains(*c) || c.is_whitespace() || c.is_control();
        if let Some(c) = text.chars().find(is_refused) {
            return Err(format!(
                "{c:?} cannot be in the path of a rule: write the decoded path, without parameters and query"
            ));
        }
        if self.has_odd_segment() {
            return Err(format!(
                "\"{text}\" has an empty or dot segment: write the path without it"
            ));
        }
        Ok(text.to_owned())
    }

    fn has_odd_segment(&self) -> bool {
        let path = self.0.strip_prefix('/').unwrap_or(self.0);
        let inner = path.strip_suffix('/').unwrap_or(path);
        let is_root = path.is_empty();
        !is_root
            && inner
                .split('/')
                .any(|segment| matches!(segment, "" | "." | ".."))
    }

    /// True for a shell's pattern, a regular expression or a location of NGINX.
    fn is_pattern(&self) -> bool {
        let text = self.0;
        text.starts_with(['^', '~', '=']) || text.contains(['*', '^', '|']) || text.ends_with('$')
    }

    fn pattern_refusal(&self) -> String {
        let text = self.0;
        let begin = text.trim_start_matches(['^', '~', '*', '=', ' ']);
        let ends = ["$", "*", ".", "$"];
        let literal = ends
            .iter()
            .fold(begin, |path, end| path.strip_suffix(end).unwrap_or(path));
        let is_plain =
            literal.starts_with('/') && !literal.contains(['*', '^', '|', '$', '(', '[', '+']);
        let cure = match (is_plain, literal.ends_with('/')) {
            (false, _) => "write a rule for each, such as /admin/".to_owned(),
            (true, true) => format!("write \"{literal}\", which is all below it"),
            (true, false) => format!("write \"{literal}\", which is that path and all below it"),
        };
        format!("\"{text}\" is a pattern, and rules take the beginning of a path: {cure}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_no_normalized_request_has_is_refused() {
        for path in ["/", "/static", "/static/", "/rest/events", "/a.b/..c"] {
            assert_eq!(RulePath(path).parse(), Ok(path.to_owned()));
        }
        assert!(
            RulePath("static")
                .parse()
                .unwrap_err()
                .ends_with("write \"/static\"")
        );
        for path in ["/a%2fb", "/a;b", "/a?b", "/a#b", "/a\\b", "/a b", "/a\0"] {
            assert!(
                RulePath(path).parse().unwrap_err().contains("cannot be in"),
                "{path}"
            );
        }
        for path in ["/..", "/a/../b", "/./a", "//", "//a", "/a//b"] {
            assert!(
                RulePath(path).parse().unwrap_err().contains("segment"),
                "{path}"
            );
        }
        assert!(RulePath("").parse().is_err());
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
            let refused = RulePath(text).parse().unwrap_err();
            assert!(refused.contains(cure), "{text}: {refused}");
        }
    }
}

//! Parses a host's name or address (RFC 1123; RFC 3986, section 3.2.2) into its canonical form.

use std::net::IpAddr;

use crate::config::model::Host;

/// Checks a host of `hosts`.
///
/// # Errors
/// Cause and cure, if `hosts` cannot contain it.
pub fn check_host(text: &str) -> Result<(), String> {
    Host::parse_for_site(text).map(drop)
}

impl Host {
    /// Parses a host of a site, which is none of NGINX's catch-all names.
    pub(super) fn parse_for_site(text: &str) -> Result<Self, String> {
        match text {
            "_" | "*" => Err(format!(
                "\"{text}\" means every other name to NGINX, and hubgate serves only the hosts that it lists: \
                 write the names that people type, such as home.example.org"
            )),
            text => Self::parse(text),
        }
    }

    /// Parses a name, a wildcard or an address, and removes upper case, a final dot and brackets.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let host = HostText(text);
        if let Some(address) = host.address() {
            return Ok(Self::Address(address.to_canonical()));
        }
        if let Some(ascii) = host.to_ascii() {
            return Err(format!(
                "\"{text}\" is not ASCII: write {ascii}, as the DNS has it"
            ));
        }
        if let Some(problem) = host.problem() {
            return Err(format!("\"{text}\" {problem}"));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        match name.strip_prefix("*.") {
            Some(parent) => host.checked(parent).map(Self::Wildcard),
            None => host.checked(&name).map(Self::Name),
        }
    }
}

/// A host as written.
pub(super) struct HostText<'t>(pub(super) &'t str);

impl HostText<'_> {
    fn address(&self) -> Option<IpAddr> {
        let bare = self.0.strip_prefix('[');
        let bare = bare.and_then(|text| text.strip_suffix(']'));
        bare.unwrap_or(self.0).parse().ok()
    }

    /// Converts a name that is not ASCII to its form in the DNS (RFC 5890); `None` for any other
    /// text.
    pub(super) fn to_ascii(&self) -> Option<String> {
        if self.0.is_ascii() || self.0.contains(['/', ':']) {
            return None;
        }
        let (wild, name) = match self.0.strip_prefix("*.") {
            Some(name) => ("*.", name),
            None => ("", self.0),
        };
        let name = idna::domain_to_ascii(name).ok()?;
        Some(format!("{wild}{name}"))
    }

    /// Returns what follows the text in a message, if the text is a URL, has a port or is not
    /// ASCII.
    fn problem(&self) -> Option<&'static str> {
        if self.0.contains('/') {
            return Some("is more than a host: write only the name, without scheme and path");
        }
        if self.0.contains(':') {
            return Some("is no host: write it without a port; ports belong to `listen`");
        }
        if !self.0.is_ascii() {
            return Some("is not ASCII: write the name as the DNS has it, beginning with xn--");
        }
        None
    }

    /// Checks the name of this text, without wildcard and final dot.
    fn checked(&self, name: &str) -> Result<String, String> {
        let text = self.0;
        if name.contains('*') {
            return Err(format!(
                "\"{text}\" has a `*` in the wrong place: write *.example.org"
            ));
        }
        let fits = name.len() <= 253 && name.split('.').all(is_label);
        if !fits || looks_like_address(name) {
            return Err(format!(
                "\"{text}\" is no host: write a name such as home.example.org, or an address"
            ));
        }
        Ok(name.to_owned())
    }
}

/// True for a label of a name. RFC 1123 excludes `_`, but many home networks use it.
fn is_label(label: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let length = 1..=63;
    length.contains(&label.len())
        && label.chars().all(fits)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// True if the last label has digits only, which clients read as an address (WHATWG URL).
fn looks_like_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_form_however_it_is_written() {
        let parse = Host::parse;
        let home = Host::Name("home.example.org".into());
        assert_eq!(parse("Home.Example.ORG."), Ok(home));
        assert_eq!(
            parse("*.Example.org"),
            Ok(Host::Wildcard("example.org".into()))
        );
        assert_eq!(parse("[fd00::5]"), parse("fd00:0::5"));
        assert_eq!(parse("::ffff:192.168.1.5"), parse("192.168.1.5"));
        assert_eq!(parse("openhab_pi"), Ok(Host::Name("openhab_pi".into())));
    }

    #[test]
    fn text_that_is_no_host_is_refused_with_the_cure() {
        let refusal = |text: &str| Host::parse(text).unwrap_err();
        assert!(refusal("https://home.example.org").contains("without scheme"));
        assert!(refusal("home.example.org:8443").contains("without a port"));
        assert!(refusal("Haustür.example.org").contains("write xn--haustr-7ya.example.org,"));
        assert!(refusal("*.haustür.example.org").contains("write *.xn--haustr-7ya.example.org,"));
        for all in ["_", "*"] {
            let refusal = Host::parse_for_site(all).unwrap_err();
            assert!(refusal.contains("every other name"), "{all}");
        }
        for wild in ["*", "a.*.org", "*.*.org", "*home.org"] {
            assert!(refusal(wild).contains("wrong place"), "{wild}");
        }
        for odd in [
            "",
            ".",
            "a..b",
            "-a",
            "a b",
            "1.2.3",
            "192.168.1.256",
            &"a".repeat(64),
        ] {
            assert!(refusal(odd).contains("is no host"), "{odd}");
        }
    }
}

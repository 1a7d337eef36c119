//! The request fields that an upstream receives from NGINX instead of the client's.

use std::fmt;

use crate::nginx::access::client_fields::is_of_client;

/// The values of `upstream.host` and `upstream.headers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    pub(crate) host: Host,
    /// The fields, sorted by their names in lower case.
    pub(crate) fields: Vec<Edit>,
}

/// The `Host` field that the upstream receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Host {
    /// The client's.
    #[default]
    Client,
    /// The address in `proxy_pass`, NGINX's default.
    Proxied(String),
    /// A literal text.
    Literal(String),
}

/// A field that is set or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The name as NGINX's files spell it.
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// The value of a field.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Removed,
    Text(String),
    /// A text that is kept in a private file.
    Secret(String),
}

impl Edits {
    /// Reports whether an upstream that receives these fields instead of the others learns nothing
    /// more, and trusts no field that the client can write.
    pub(crate) fn is_safe_for(&self, others: &Self) -> bool {
        let has_same = |edits: &Self, edit: &Edit| edits.fields.iter().any(|own| own.is_same(edit));
        let gives_no_more = self
            .fields
            .iter()
            .all(|own| own.value == Value::Removed || has_same(others, own));
        let mut trusted = others
            .fields
            .iter()
            .filter(|other| !is_of_client(&other.name));
        let sets_all = trusted.all(|other| has_same(self, other));
        gives_no_more && sets_all && self.host.is_like(&others.host)
    }

    /// Returns the written value of `upstream.host`.
    pub(crate) fn host(&self) -> Option<&str> {
        match &self.host {
            Host::Client => None,
            Host::Proxied(host) | Host::Literal(host) => Some(host),
        }
    }

    /// Adds a field in the order of the names.
    pub(crate) fn add(&mut self, edit: Edit) {
        let key = edit.name.to_ascii_lowercase();
        let place = self
            .fields
            .partition_point(|other| other.name.to_ascii_lowercase() <= key);
        self.fields.insert(place, edit);
    }
}

impl Host {
    /// Reports whether an upstream chooses the same virtual host by both; the client's host and the
    /// address of the upstream count as the same.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(_), Self::Client) | (Self::Client, Self::Literal(_)) => false,
            (Self::Literal(one), Self::Literal(other) | Self::Proxied(other))
            | (Self::Proxied(other), Self::Literal(one)) => one.eq_ignore_ascii_case(other),
            _ => true,
        }
    }
}

impl Edit {
    fn is_same(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name) && self.value == other.value
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "Removed",
            Self::Text(_) => "Text(…)",
            Self::Secret(_) => "Secret(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(fields: &[(&str, &str)]) -> Edits {
        let mut edits = Edits::default();
        for (name, value) in fields {
            let value = match *value {
                "" => Value::Removed,
                text => Value::Text(text.to_owned()),
            };
            let name = (*name).to_owned();
            edits.add(Edit { name, value });
        }
        edits
    }

    #[test]
    fn a_field_of_nginx_is_neither_disclosed_nor_left_to_clients() {
        let (none, secret) = (edits(&[]), edits(&[("Authorization", "Basic x")]));
        assert!(!secret.is_safe_for(&none));
        assert!(none.is_safe_for(&secret));
        let role = edits(&[("X-Role", "guest")]);
        assert!(!none.is_safe_for(&role) && !role.is_safe_for(&none));
        assert!(edits(&[("x-role", "guest")]).is_safe_for(&role));
        assert!(edits(&[("X-Role", "")]).is_safe_for(&none));
    }

    #[test]
    fn another_host_that_is_written_out_leads_to_another_site_of_the_upstream() {
        let host = |host: Host| Edits {
            host,
            fields: Vec::new(),
        };
        let router = || host(Host::Literal("router.lan".into()));
        let proxied = |text: &str| host(Host::Proxied(text.into()));
        assert!(!router().is_safe_for(&Edits::default()));
        assert!(!Edits::default().is_safe_for(&router()));
        assert!(router().is_safe_for(&proxied("router.lan")));
        assert!(!router().is_safe_for(&proxied("192.0.2.1")));
        assert!(proxied("192.0.2.1").is_safe_for(&Edits::default()));
    }
}

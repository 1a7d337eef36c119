//! The fields of a request that a hub gets from NGINX in place of the visitor's.

use std::fmt;

use super::visitor_fields::is_visitors_own;

/// What `upstream.host` and `upstream.headers` say of a hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits {
    pub(super) host: Host,
    /// In the order of their names in lower case.
    pub(super) fields: Vec<Edit>,
}

/// `Host` as the hub gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Host {
    /// The visitor's.
    #[default]
    Visitor,
    /// NGINX's default: the address in `proxy_pass`.
    Proxied(String),
    /// A text that is written out.
    Literal(String),
}

/// A field that is set or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// As it is spelled in NGINX's files.
    pub(super) name: String,
    pub(super) value: Value,
}

/// The value of a field.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Removed,
    Text(String),
    /// Kept in a file of its own.
    Secret(String),
}

impl Edits {
    /// Whether a hub that gets these in the place of the others learns nothing more, and believes no
    /// field that a visitor could write now.
    pub(super) fn is_safe_for(&self, others: &Self) -> bool {
        let gives_no_more = self.fields.iter().all(|own| {
            own.value == Value::Removed || others.fields.iter().any(|other| other.is_same(own))
        });
        let hides_as_much = others
            .fields
            .iter()
            .filter(|other| !is_visitors_own(&other.name))
            .all(|other| self.fields.iter().any(|own| own.is_same(other)));
        gives_no_more && hides_as_much && self.host.is_like(&others.host)
    }

    /// The written value of `upstream.host`.
    pub(super) fn host(&self) -> Option<&str> {
        match &self.host {
            Host::Visitor => None,
            Host::Proxied(host) | Host::Literal(host) => Some(host),
        }
    }

    /// Adds a field, in order.
    pub(super) fn add(&mut self, edit: Edit) {
        let key = edit.name.to_ascii_lowercase();
        let place = self
            .fields
            .partition_point(|other| other.name.to_ascii_lowercase() <= key);
        self.fields.insert(place, edit);
    }
}

impl Host {
    /// Whether a hub would choose the same site of its own by both; by the visitor's it may choose as
    /// well as by the address that it is reached at.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(_), Self::Visitor) | (Self::Visitor, Self::Literal(_)) => false,
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
    fn a_field_that_a_hub_gets_from_nginx_only_is_neither_given_away_nor_left_to_visitors() {
        let (none, secret) = (edits(&[]), edits(&[("Authorization", "Basic x")]));
        assert!(!secret.is_safe_for(&none));
        assert!(none.is_safe_for(&secret));
        let role = edits(&[("X-Role", "guest")]);
        assert!(!none.is_safe_for(&role) && !role.is_safe_for(&none));
        assert!(edits(&[("x-role", "guest")]).is_safe_for(&role));
        assert!(edits(&[("X-Role", "")]).is_safe_for(&none));
    }

    #[test]
    fn another_host_that_is_written_out_leads_to_another_site_of_the_hub() {
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

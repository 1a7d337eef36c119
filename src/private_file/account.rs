//! User accounts of the system.

use std::fs;

/// A line of /etc/passwd (passwd(5)).
pub(super) struct Account {
    name: String,
    /// `None` if the field is no number.
    pub(super) group: Option<u32>,
}

impl Account {
    /// Finds the account of a user number.
    pub(super) fn find(user: u32) -> Option<Self> {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        users.lines().find_map(|line| {
            let fields: Vec<_> = line.split(':').collect();
            let [name, _, number, rest @ ..] = &fields[..] else {
                return None;
            };
            let group = rest.first().and_then(|group| group.parse().ok());
            (number.parse() == Ok(user)).then(|| Self {
                name: (*name).to_owned(),
                group,
            })
        })
    }
}

/// Returns the name of a user, or the number of a user without a name.
pub(crate) fn user_name(user: u32) -> String {
    Account::find(user).map_or_else(|| user.to_string(), |account| account.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_without_a_name_has_its_number() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(12_345), 12_345.to_string());
    }
}

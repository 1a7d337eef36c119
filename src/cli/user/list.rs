//! `hubgate user list`: the users of a password file, as a table or JSON.

use std::fmt;

use clap::Args;
use serde_json::json;

use super::super::{print, print_json, table::Table};
use crate::access::password::listing::{self, Line};

/// The form of the list.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    /// Prints the users of a file's content.
    pub(super) fn run(&self, content: &[u8]) -> anyhow::Result<()> {
        let table = UserTable(&listing::lines(content));
        match self.json {
            true => print_json(&table.to_json()),
            false => print(&table.to_string()),
        }
    }
}

/// A row for each line of the file.
struct UserTable<'a>(&'a [Line]);

const HEADER: [&str; 4] = ["USER", "HASH", "LINE", "FAULT"];

impl fmt::Display for UserTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(f, "no user yet; add one with `hubgate user add NAME`");
        }
        Table::new(HEADER, self.rows()).fmt(f)
    }
}

impl UserTable<'_> {
    fn to_json(&self) -> Vec<serde_json::Value> {
        let object = |line: &Line| {
            json!({
                "user": line.user,
                "hash": line.format,
                "line": line.number,
                "fault": line.fault.as_ref().map(ToString::to_string),
            })
        };
        self.0.iter().map(object).collect()
    }

    fn rows(&self) -> impl Iterator<Item = [String; 4]> {
        let none = || "-".to_owned();
        self.0.iter().map(move |line| {
            // Escaped, since a faulty file can contain control characters.
            let user = line.user.as_ref();
            let user = user.map(|user| user.escape_debug().to_string());
            let fault = line.fault.as_ref().map(ToString::to_string);
            [
                user.unwrap_or_else(none),
                line.format.map_or_else(none, str::to_owned),
                line.number.to_string(),
                fault.unwrap_or_default(),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_row_and_no_hash_is_shown() {
        let text = b"anna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n\n\x1b[2Jb:gezlltSR9xVM.\nsecret\n";
        let table = UserTable(&listing::lines(text)).to_string();
        let rows: Vec<_> = table.lines().collect();
        assert!(
            rows[1].starts_with("anna") && rows[1].ends_with("{SHA}  1"),
            "{table}"
        );
        assert!(
            rows[2].starts_with("\\u{1b}[2Jb") && rows[2].contains("DES"),
            "{table}"
        );
        assert!(rows[3].contains("4     no colon"), "{table}");
        assert!(
            !["L55", "gez", "secret"]
                .iter()
                .any(|hash| table.contains(hash))
        );
        let empty = UserTable(&[]).to_string();
        assert!(empty.starts_with("no user yet"));
    }
}

//! `hubgate user list`: which users there are, for people or as JSON.

use serde_json::json;

use super::super::{print, print_json, table};
use crate::access::password::listing::{self, Line};

/// Prints the users of a file's content.
pub(super) fn run(text: &[u8], json: bool) -> anyhow::Result<()> {
    let lines = listing::lines(text);
    if json {
        let lines: Vec<_> = lines.iter().map(as_json).collect();
        return print_json(&lines);
    }
    print(&told(&lines))
}

fn as_json(line: &Line) -> serde_json::Value {
    json!({
        "user": line.user,
        "hash": line.format,
        "line": line.number,
        "fault": line.fault.as_ref().map(ToString::to_string),
    })
}

fn told(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "no user yet; add one with `hubgate user add NAME`\n".to_owned();
    }
    let header = ["USER", "HASH", "LINE", "FAULT"];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(lines.iter().map(row));
    table::lines(&rows).join("\n") + "\n"
}

fn row(line: &Line) -> [String; 4] {
    let none = || "-".to_owned();
    // Escaped: a broken file may hold what a terminal obeys.
    let user = line
        .user
        .as_ref()
        .map(|user| user.escape_debug().to_string());
    let fault = line.fault.as_ref().map(ToString::to_string);
    [
        user.unwrap_or_else(none),
        line.format.map_or_else(none, str::to_owned),
        line.number.to_string(),
        fault.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_row_and_no_hash_is_shown() {
        let text = b"anna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n\n\x1b[2Jb:gezlltSR9xVM.\nsecret\n";
        let told = told(&listing::lines(text));
        let rows: Vec<_> = told.lines().collect();
        assert!(
            rows[1].starts_with("anna") && rows[1].ends_with("{SHA}  1"),
            "{told}"
        );
        assert!(
            rows[2].starts_with("\\u{1b}[2Jb") && rows[2].contains("DES"),
            "{told}"
        );
        assert!(rows[3].contains("4     no colon"), "{told}");
        assert!(
            !["L55", "gez", "secret"]
                .iter()
                .any(|hash| told.contains(hash))
        );
        assert!(super::told(&[]).starts_with("no user yet"));
    }
}

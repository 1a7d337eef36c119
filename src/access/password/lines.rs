//! The lines of an htpasswd file as they are written, for changing some and keeping the others.
//!
//! Works on bytes: comments, broken lines and line endings stay as they are.

use super::entry::UserName;

/// A file's lines, each with its ending.
pub struct Lines(Vec<Vec<u8>>);

impl Lines {
    /// The lines of a file's content.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        Self(lines.map(<[u8]>::to_vec).collect())
    }

    /// Whether a line is this user's, be its hash good or not.
    #[must_use]
    pub fn has(&self, user: &UserName) -> bool {
        self.0.iter().any(|line| is_of(line, user))
    }

    /// Adds a line at the end.
    pub fn add(&mut self, user: &UserName, hash: &str) {
        let ending = self.0.first().map_or("\n", |line| ending(line)).to_owned();
        if let Some(last) = self.0.last_mut()
            && !last.ends_with(b"\n")
        {
            last.extend(ending.as_bytes());
        }
        let line = format!("{}:{hash}{ending}", user.as_str());
        self.0.push(line.into_bytes());
    }

    /// Replaces the hash of a user; further lines of the same user go, so that no old password
    /// comes back one day.
    pub fn change(&mut self, user: &UserName, hash: &str) {
        let mut first = true;
        self.0.retain_mut(|line| {
            if !is_of(line, user) {
                return true;
            }
            if first {
                *line = changed(line, user, hash);
            }
            std::mem::take(&mut first)
        });
    }

    /// Removes every line of a user.
    pub fn remove(&mut self, user: &UserName) {
        self.0.retain(|line| !is_of(line, user));
    }

    /// The file's content.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.0.concat()
    }
}

/// Whether a line is this user's for hubgate or for others, who read what is no UTF-8 too.
fn is_of(line: &[u8], user: &UserName) -> bool {
    let text = String::from_utf8_lossy(line);
    let name = text.trim().split_once(':').map(|(name, _)| name);
    name == Some(user.as_str())
}

/// The line with another hash, and its comment after a second colon.
fn changed(line: &[u8], user: &UserName, hash: &str) -> Vec<u8> {
    let mut fields = line.splitn(3, |byte| *byte == b':');
    let mut changed = format!("{}:{hash}", user.as_str()).into_bytes();
    match fields.nth(2) {
        Some(comment) => {
            changed.push(b':');
            changed.extend(comment);
        }
        None => changed.extend(own_ending(line).as_bytes()),
    }
    changed
}

/// How a line ends that more lines shall follow.
fn ending(line: &[u8]) -> &'static str {
    match own_ending(line) {
        "" => "\n",
        ending => ending,
    }
}

fn own_ending(line: &[u8]) -> &'static str {
    match line {
        [.., b'\r', b'\n'] => "\r\n",
        [.., b'\n'] => "\n",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn after(text: &str, change: impl FnOnce(&mut Lines)) -> String {
        let mut lines = Lines::parse(text.as_bytes());
        change(&mut lines);
        String::from_utf8(lines.content()).unwrap()
    }

    #[test]
    fn a_new_line_ends_as_the_others_do() {
        let add = |lines: &mut Lines| lines.add(&user("ben"), "h");
        assert_eq!(after("", add), "ben:h\n");
        assert_eq!(after("anna:x", add), "anna:x\nben:h\n");
        assert_eq!(after("# us\r\nanna:x", add), "# us\r\nanna:x\r\nben:h\r\n");
    }

    #[test]
    fn a_changed_line_keeps_its_place_comment_and_ending() {
        let change = |lines: &mut Lines| lines.change(&user("ben"), "h");
        assert_eq!(
            after("#ben:x\r\nben:x:son\r\nnothing\nbenno:x", change),
            "#ben:x\r\nben:h:son\r\nnothing\nbenno:x"
        );
        assert_eq!(after("ben:x", change), "ben:h");
        assert_eq!(
            after("a:x\nben:\nben:y\nb:x\n", change),
            "a:x\nben:h\nb:x\n"
        );
    }

    #[test]
    fn a_removed_user_has_no_line_left_and_the_others_keep_theirs() {
        let mut lines = Lines::parse(b"\xff\nben:x\nanna:x\r\n ben:y\nben:\xff\n");
        assert!(lines.has(&user("ben")));
        lines.remove(&user("ben"));
        assert_eq!(lines.content(), b"\xff\nanna:x\r\n");
        assert!(!lines.has(&user("ben")));
    }
}

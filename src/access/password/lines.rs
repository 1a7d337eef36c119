//! The lines of an htpasswd file, for changing some of them.
//!
//! It works on bytes: comments, broken lines and line endings stay as they are.

use super::entry::UserName;

/// The lines of a file.
pub struct Lines(Vec<Line>);

/// A line with its ending.
struct Line(Vec<u8>);

impl Lines {
    /// Splits the content of a file into lines.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        Self(lines.map(|line| Line(line.to_vec())).collect())
    }

    /// Reports whether a line names this user, with a usable hash or not.
    #[must_use]
    pub fn has(&self, user: &UserName) -> bool {
        self.0.iter().any(|line| line.is_of(user))
    }

    /// Adds a line at the end.
    pub fn add(&mut self, user: &UserName, hash: &str) {
        let ending = match self.0.first().map_or("", Line::ending) {
            "" => "\n",
            ending => ending,
        };
        if let Some(last) = self.0.last_mut()
            && last.ending().is_empty()
        {
            last.0.extend(ending.as_bytes());
        }
        let line = format!("{}:{hash}{ending}", user.as_str());
        self.0.push(Line(line.into_bytes()));
    }

    /// Replaces the hash of a user. Further lines of the user are removed, so that an old password
    /// cannot become valid again.
    pub fn change(&mut self, user: &UserName, hash: &str) {
        let mut first = true;
        self.0.retain_mut(|line| {
            if !line.is_of(user) {
                return true;
            }
            if first {
                *line = line.with_hash(user, hash);
            }
            std::mem::take(&mut first)
        });
    }

    /// Removes every line of a user.
    pub fn remove(&mut self, user: &UserName) {
        self.0.retain(|line| !line.is_of(user));
    }

    /// Returns the content of the file.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.0.iter().flat_map(|line| &line.0).copied().collect()
    }
}

impl Line {
    /// Reports whether the line is of this user for hubgate, or for programs that read lines that
    /// are not UTF-8.
    fn is_of(&self, user: &UserName) -> bool {
        let text = String::from_utf8_lossy(&self.0);
        let name = text.trim().split_once(':').map(|(name, _)| name);
        name == Some(user.as_str())
    }

    /// Returns the line with another hash. The comment after a second colon stays, unless it is not
    /// UTF-8, which makes the line unreadable.
    fn with_hash(&self, user: &UserName, hash: &str) -> Self {
        let mut fields = self.0.splitn(3, |byte| *byte == b':');
        let mut changed = format!("{}:{hash}", user.as_str()).into_bytes();
        let comment = fields.nth(2);
        match comment.filter(|comment| std::str::from_utf8(comment).is_ok()) {
            Some(comment) => {
                changed.push(b':');
                changed.extend(comment);
            }
            None => changed.extend(self.ending().as_bytes()),
        }
        Self(changed)
    }

    /// Returns the line ending; the last line of a file may have none.
    fn ending(&self) -> &'static str {
        match &self.0[..] {
            [.., b'\r', b'\n'] => "\r\n",
            [.., b'\n'] => "\n",
            _ => "",
        }
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
        let mut lines = Lines::parse(b"ben:x:\xff\r\nbenno:x:\xff");
        change(&mut lines);
        assert_eq!(lines.content(), b"ben:h\r\nbenno:x:\xff");
        assert_eq!(
            after("a:x\nben:\nben:y\nb:x\n", change),
            "a:x\nben:h\nb:x\n"
        );
    }

    #[test]
    fn a_removed_user_has_no_line_and_the_others_keep_theirs() {
        let mut lines = Lines::parse(b"\xff\nben:x\nanna:x\r\n ben:y\nben:\xff\n");
        assert!(lines.has(&user("ben")));
        lines.remove(&user("ben"));
        assert_eq!(lines.content(), b"\xff\nanna:x\r\n");
        assert!(!lines.has(&user("ben")));
    }
}

//! What an htpasswd file says of each of its lines, for its owner to look at.

use std::collections::HashMap;

use super::{
    fault::Cause,
    htpasswd::{Htpasswd, add_line},
};

/// One line of a user's, or one that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// The user, where the line names one.
    pub user: Option<String>,
    /// The format of the hash, where it is taken.
    pub format: Option<&'static str>,
    /// Why the line lets nobody in.
    pub fault: Option<Cause>,
}

/// The lines of a file's content that are no comments, in their order.
#[must_use]
pub fn lines(text: &[u8]) -> Vec<Line> {
    let mut users = HashMap::new();
    let mut named = HashMap::new();
    let numbered = text.split(|byte| *byte == b'\n').zip(1..);
    let added = numbered.map(|(text, line)| (line, add_line(&mut users, &mut named, text, line)));
    let mut lines: Vec<_> = added
        .filter_map(|(line, added)| Some(broken(line, added.err()?)))
        .collect();
    lines.extend(users.into_iter().map(|(user, entry)| Line {
        number: entry.line,
        user: Some(user),
        format: Some(entry.hash.format()),
        fault: None,
    }));
    lines.sort_by_key(|line| line.number);
    lines
}

/// Whether the content lets anybody in, without which hubgate does not take it.
#[must_use]
pub fn is_usable(text: &[u8]) -> bool {
    Htpasswd::parse(text).is_ok()
}

fn broken(line: usize, cause: Cause) -> Line {
    let user = match &cause {
        Cause::Duplicate { user, .. } | Cause::Hash { user, .. } => Some(user.clone()),
        Cause::NotUtf8 | Cause::NoColon | Cause::NoUser => None,
    };
    Line {
        number: line,
        user,
        format: None,
        fault: Some(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_but_comments_is_listed() {
        let text = b"# us\nnothing\nanna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n\nanna:x\ndora:\n";
        let lines = lines(text);
        let told = |line: &Line| (line.number, line.user.clone(), line.format);
        let told: Vec<_> = lines.iter().map(told).collect();
        let anna = || Some("anna".to_owned());
        let expected = [
            (2, None, None),
            (3, anna(), Some("{SHA}")),
            (5, anna(), None),
            (6, Some("dora".to_owned()), None),
        ];
        assert_eq!(told, expected);
        assert!(
            lines
                .iter()
                .all(|it| it.fault.is_none() == it.format.is_some())
        );
        assert!(is_usable(text) && !is_usable(b"dora:\n"));
    }
}

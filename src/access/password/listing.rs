//! The listing of an htpasswd file: the user and the format of each line, or its fault.

use super::{
    fault::Cause,
    htpasswd::{Htpasswd, Users},
};

/// A line of a user, or a broken one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the line, from 1.
    pub number: usize,
    /// User that the line names.
    pub user: Option<String>,
    /// Format of a usable hash.
    pub format: Option<&'static str>,
    /// Cause for which the line has no usable user.
    pub fault: Option<Cause>,
}

/// Lists the lines of a file's content in their order, without comments.
#[must_use]
pub fn lines(text: &[u8]) -> Vec<Line> {
    let mut users = Users::default();
    let numbered = text.split(|byte| *byte == b'\n').zip(1..);
    let mut lines: Vec<_> = numbered
        .filter_map(|(text, number)| {
            let cause = users.add_line(text, number).err()?;
            Some(Line::broken(number, cause))
        })
        .collect();
    lines.extend(users.entries.into_iter().map(|(user, entry)| Line {
        number: entry.line,
        user: Some(user),
        format: Some(entry.hash.format()),
        fault: None,
    }));
    lines.sort_by_key(|line| line.number);
    lines
}

/// Reports whether the content has a usable line, without which hubgate refuses the file.
#[must_use]
pub fn is_usable(text: &[u8]) -> bool {
    Htpasswd::parse(text).is_ok()
}

impl Line {
    fn broken(number: usize, cause: Cause) -> Self {
        let user = match &cause {
            Cause::Duplicate { user, .. } | Cause::Hash { user, .. } => Some(user.clone()),
            Cause::NotUtf8 | Cause::NoColon | Cause::NoUser => None,
        };
        Self {
            number,
            user,
            format: None,
            fault: Some(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_but_comments_is_listed() {
        let text = b"# us\nnothing\nanna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n\nanna:x\ndora:\n";
        let lines = lines(text);
        let summary = |line: &Line| (line.number, line.user.clone(), line.format);
        let summaries: Vec<_> = lines.iter().map(summary).collect();
        let anna = || Some("anna".to_owned());
        let expected = [
            (2, None, None),
            (3, anna(), Some("{SHA}")),
            (5, anna(), None),
            (6, Some("dora".to_owned()), None),
        ];
        assert_eq!(summaries, expected);
        assert!(
            lines
                .iter()
                .all(|line| line.fault.is_none() == line.format.is_some())
        );
        assert!(is_usable(text) && !is_usable(b"dora:\n"));
    }
}

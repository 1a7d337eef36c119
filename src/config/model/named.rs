//! The places of `proxy.yaml` that name other files, for what is wrong with those.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The places of `proxy.yaml` that name other files, in the order of the text.
#[derive(Clone, Default)]
pub struct NamedFiles(Vec<NamedFile>);

#[derive(Clone)]
struct NamedFile {
    file: PathBuf,
    /// `proxy.yaml:14:7: sites[2].certificate.key: `.
    prefix: String,
    /// The line with a caret, each in a line of its own.
    excerpt: String,
}

impl NamedFiles {
    /// Adds a place; `prefix` goes before a message, `excerpt` after it.
    pub(in crate::config) fn add(&mut self, file: &Path, prefix: String, excerpt: String) {
        let file = file.to_owned();
        self.0.push(NamedFile {
            file,
            prefix,
            excerpt,
        });
    }

    /// The message with the place that names the first file in it, and the line of that place; none
    /// if it names none.
    #[must_use]
    pub fn locate(&self, message: &str) -> Option<String> {
        let first = self.first(message)?;
        Some(format!("{}{message}{}", first.prefix, first.excerpt))
    }

    /// The same in one line.
    #[must_use]
    pub fn headline(&self, message: &str) -> Option<String> {
        let first = self.first(message)?;
        Some(format!("{}{message}", first.prefix))
    }

    fn first(&self, message: &str) -> Option<&NamedFile> {
        let found = self.0.iter();
        let found = found.filter_map(|file| Some((file.at(message)?, file)));
        let (_, first) = found.min_by_key(|(at, _)| *at)?;
        Some(first)
    }
}

impl NamedFile {
    /// Where the message has the whole path.
    fn at(&self, message: &str) -> Option<usize> {
        let path = self.file.to_str().filter(|path| !path.is_empty())?;
        let ends = |at: &usize| {
            message[at + path.len()..].starts_with([':', ' ', ';', ',', ')'])
                || message.len() == at + path.len()
        };
        let begins = |at: &usize| *at == 0 || message[..*at].ends_with([' ', '(', '\n']);
        let mut places = message.match_indices(path).map(|(at, _)| at);
        places.find(|at| begins(at) && ends(at))
    }
}

/// The places say nothing about the meaning of a configuration.
impl fmt::Debug for NamedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedFiles")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gets_the_place_of_the_first_file_in_it() {
        let mut named = NamedFiles::default();
        named.add(
            Path::new("/a/key.pem"),
            "p:1:1: key: ".into(),
            "\nline 1".into(),
        );
        named.add(
            Path::new("/a/chain.pem"),
            "p:2:1: chain: ".into(),
            "\nline 2".into(),
        );
        let located = named
            .locate("/a/key.pem: does not fit /a/chain.pem")
            .unwrap();
        assert_eq!(
            located,
            "p:1:1: key: /a/key.pem: does not fit /a/chain.pem\nline 1"
        );
        for other in ["/a/key.pem.old: odd", "x/a/key.pem: odd", "/a: odd", ""] {
            assert_eq!(named.locate(other), None, "{other}");
        }
    }
}

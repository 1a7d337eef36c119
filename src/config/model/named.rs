//! The places of `proxy.yaml` that name other files, for messages about those files.

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
    /// Two lines: the line of the place, and a caret below it.
    excerpt: String,
}

impl NamedFiles {
    /// Adds a place; `prefix` precedes a message about the file, `excerpt` follows it.
    pub(in crate::config) fn add(&mut self, file: &Path, prefix: String, excerpt: String) {
        let file = file.to_owned();
        self.0.push(NamedFile {
            file,
            prefix,
            excerpt,
        });
    }

    /// Adds to a message the place that names the first file in it, and returns both the number of
    /// that place and the text. A place within `scope`, such as `sites[1]`, is preferred. `None` if
    /// the message contains no file of `proxy.yaml`.
    #[must_use]
    pub fn locate(&self, message: &str, scope: &str) -> Option<(usize, String)> {
        let (number, place) = self.first(message, scope)?;
        let text = format!("{}{message}{}", place.prefix, place.excerpt);
        Some((number, text))
    }

    /// Adds to a message, in one line, the place that names the first file in it.
    #[must_use]
    pub fn headline(&self, message: &str) -> Option<String> {
        let (_, place) = self.first(message, "")?;
        Some(format!("{}{message}", place.prefix))
    }

    fn first(&self, message: &str, scope: &str) -> Option<(usize, &NamedFile)> {
        let places = self.0.iter().enumerate();
        let found = places.filter_map(|(number, place)| {
            let is_outside = !place.prefix.contains(scope);
            Some(((place.find_in(message)?, is_outside), (number, place)))
        });
        let (_, first) = found.min_by_key(|(rank, _)| *rank)?;
        Some(first)
    }
}

impl NamedFile {
    /// Returns the byte offset at which the message contains the whole path.
    fn find_in(&self, message: &str) -> Option<usize> {
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

/// Prints no places, since they are no part of a configuration's meaning.
impl fmt::Debug for NamedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedFiles")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(files: &[(&str, &str)]) -> NamedFiles {
        let mut named = NamedFiles::default();
        for (file, key) in files {
            named.add(Path::new(file), format!("{key}: "), "\nline".into());
        }
        named
    }

    #[test]
    fn a_message_gets_the_place_of_the_first_file_in_it() {
        let named = named(&[("/a/key.pem", "key"), ("/a/chain.pem", "chain")]);
        let message = "/a/key.pem: does not fit /a/chain.pem";
        let located = (0, format!("key: {message}\nline"));
        assert_eq!(named.locate(message, ""), Some(located));
        assert_eq!(named.headline(message), Some(format!("key: {message}")));
        for other in ["/a/key.pem.old: odd", "x/a/key.pem: odd", "/a: odd", ""] {
            assert_eq!(named.locate(other, ""), None, "{other}");
        }
    }

    #[test]
    fn a_file_of_several_places_gets_the_place_of_the_site() {
        let named = named(&[("/a", "sites[0].key"), ("/a", "sites[1].key")]);
        let number = |scope| named.locate("/a: odd", scope).map(|(number, _)| number);
        assert_eq!((number("sites[0]"), number("sites[1]")), (Some(0), Some(1)));
        assert_eq!(number("sites[7]"), Some(0));
    }
}

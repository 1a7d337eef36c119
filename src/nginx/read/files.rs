//! Reads the files of NGINX and finds them by the patterns of `include`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{file_access, regular_file};

/// A source of files.
pub trait Files {
    /// Reads the text of a file; bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// Returns the reason in words if the file cannot be read.
    fn read(&self, path: &Path) -> Result<String, String>;

    /// Lists the names in a folder; empty for a missing folder.
    fn names(&self, folder: &Path) -> Vec<String>;

    /// Translates a path in the configuration to a path on this machine.
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

/// The files of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

/// Files in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct InMemory(pub BTreeMap<PathBuf, String>);

/// The largest size of a file in bytes; real configurations are far smaller.
const MAX_SIZE: u64 = 4 << 20;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        let bytes = regular_file::read_prefix(path, MAX_SIZE).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(format!("larger than {} MiB", MAX_SIZE >> 20));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let Ok(_access) = file_access::begin(folder) else {
            return Vec::new();
        };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.collect()
    }
}

impl Files for InMemory {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or("no such file".into())
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let below = self
            .0
            .keys()
            .filter_map(|path| path.strip_prefix(folder).ok());
        let names = below.filter_map(|path| path.components().next());
        names
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect()
    }
}

impl dyn Files + '_ {
    /// Returns the files that match a pattern, in alphabetical order.
    pub(crate) fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::new()];
        for component in pattern.components() {
            let part = component.as_os_str().to_string_lossy();
            found = match component {
                Component::Normal(_) if Glob::is_glob(&part) => found
                    .iter()
                    .flat_map(|folder| self.matching_in(folder, &Glob(&part)))
                    .collect(),
                _ => found.iter().map(|folder| folder.join(component)).collect(),
            };
        }
        found
    }

    fn matching_in(&self, folder: &Path, glob: &Glob<'_>) -> Vec<PathBuf> {
        let mut names = self.names(folder);
        // A leading dot is matched by a dot only, as in glob(3).
        let shows_hidden = glob.0.starts_with('.');
        names.retain(|name| glob.matches(name) && (shows_hidden || !name.starts_with('.')));
        names.sort_unstable();
        names.dedup();
        names.iter().map(|name| folder.join(name)).collect()
    }
}

/// A pattern of glob(3): `*`, `?` and `[…]`.
pub(crate) struct Glob<'p>(&'p str);

impl Glob<'_> {
    /// Reports whether a path contains a wildcard.
    pub(crate) fn is_glob(path: &str) -> bool {
        path.contains(['*', '?', '['])
    }

    fn matches(&self, name: &str) -> bool {
        let (pattern, name): (Vec<_>, Vec<_>) = (self.0.chars().collect(), name.chars().collect());
        // `reached[n]` is set if the steps so far can match the first n characters of the name.
        let mut reached = vec![false; name.len() + 1];
        reached[0] = true;
        let mut rest = pattern.as_slice();
        while !rest.is_empty() {
            let (step, length) = Step::parse(rest);
            reached = step.advance(&reached, &name);
            rest = &rest[length..];
        }
        reached[name.len()]
    }
}

/// One element of a pattern.
enum Step<'p> {
    AnyText,
    AnyCharacter,
    OneOf(&'p [char]),
    Literal(char),
}

impl<'p> Step<'p> {
    /// Parses the first element of a pattern, and returns its length in characters.
    fn parse(pattern: &'p [char]) -> (Self, usize) {
        let end = || {
            let mut inside = pattern.iter().skip(2);
            inside.position(|c| *c == ']').map(|end| end + 2)
        };
        match pattern[0] {
            '*' => (Self::AnyText, 1),
            '?' => (Self::AnyCharacter, 1),
            '[' => end().map_or((Self::Literal('['), 1), |end| {
                (Self::OneOf(&pattern[1..end]), end + 1)
            }),
            c => (Self::Literal(c), 1),
        }
    }

    fn advance(&self, reached: &[bool], name: &[char]) -> Vec<bool> {
        let first = reached.iter().position(|reached| *reached);
        let advanced = |end: usize| match self {
            Self::AnyText => first.is_some_and(|first| first <= end),
            one => end > 0 && reached[end - 1] && one.accepts(name[end - 1]),
        };
        (0..reached.len()).map(advanced).collect()
    }

    fn accepts(&self, c: char) -> bool {
        match self {
            Self::AnyText | Self::AnyCharacter => true,
            Self::Literal(own) => c == *own,
            Self::OneOf(['!' | '^', set @ ..]) => !is_in(set, c),
            Self::OneOf(set) => is_in(set, c),
        }
    }
}

fn is_in(set: &[char], c: char) -> bool {
    match set {
        [] => false,
        [from, '-', to, rest @ ..] => (*from..=*to).contains(&c) || is_in(rest, c),
        [own, rest @ ..] => *own == c || is_in(rest, c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_those_of_glob() {
        for (pattern, name) in [
            ("*", "openhab"),
            ("*.conf", "a.conf"),
            ("5?-*.conf", "50-mod.conf"),
            ("[a-c]*[!x]", "babe"),
            ("[", "["),
        ] {
            assert!(Glob(pattern).matches(name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.conf", "a.conf.bak"),
            ("?", ""),
            ("[a-c]", "d"),
            ("a", "ab"),
        ] {
            assert!(!Glob(pattern).matches(name), "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_in_order_without_hidden_ones() {
        let paths = ["/e/s/b", "/e/s/a", "/e/s/.c", "/e/t/a"];
        let files = InMemory(
            paths
                .iter()
                .map(|path| (path.into(), String::new()))
                .collect(),
        );
        let files: &dyn Files = &files;
        let found = files.matching(Path::new("/e/*/*"));
        assert_eq!(found, ["/e/s/a", "/e/s/b", "/e/t/a"].map(PathBuf::from));
    }
}

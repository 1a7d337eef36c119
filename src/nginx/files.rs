//! The files of NGINX: read whole, and found by the patterns of `include`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{file_access, regular_file};

/// Where files are read from.
pub trait Files {
    /// The text of a file; bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &Path) -> Result<String, String>;

    /// The names in a folder; none when there is no such folder.
    fn names(&self, folder: &Path) -> Vec<String>;

    /// The place on this machine of a path that the files name.
    fn place(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}

/// The files of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

/// Files that are only thought of.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<PathBuf, String>);

/// A file's size at most; a configuration is far below.
const MOST: u64 = 4 << 20;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        let bytes = regular_file::read_begin(path, MOST).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MOST {
            return Err(format!("larger than {} MiB", MOST >> 20));
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

impl Files for Memory {
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

/// Whether the path is a pattern of glob(3).
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// The files that fit a pattern, in alphabetical order.
pub(super) fn matching(files: &dyn Files, pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let part = component.as_os_str().to_string_lossy();
        found = match component {
            Component::Normal(_) if is_pattern(&part) => found
                .iter()
                .flat_map(|folder| below(files, folder, &part))
                .collect(),
            _ => found.iter().map(|folder| folder.join(component)).collect(),
        };
    }
    found
}

fn below(files: &dyn Files, folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut names = files.names(folder);
    // As in glob(3), a leading dot is matched by a dot only.
    names
        .retain(|name| fits(pattern, name) && (pattern.starts_with('.') || !name.starts_with('.')));
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| folder.join(name)).collect()
}

/// Whether a name fits a pattern of `*`, `?` and `[…]`.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<_>, Vec<_>) = (pattern.chars().collect(), name.chars().collect());
    // Which rests of the name the pattern has led to so far.
    let mut open = vec![false; name.len() + 1];
    open[0] = true;
    let mut place = 0;
    while place < pattern.len() {
        let (step, length) = step(&pattern[place..]);
        open = step.taken(&open, &name);
        place += length;
    }
    open[name.len()]
}

/// A part of a pattern.
enum Step<'p> {
    Any,
    One,
    Of(&'p [char]),
    Is(char),
}

fn step(pattern: &[char]) -> (Step<'_>, usize) {
    let end = || {
        pattern
            .iter()
            .skip(2)
            .position(|c| *c == ']')
            .map(|end| end + 2)
    };
    match pattern[0] {
        '*' => (Step::Any, 1),
        '?' => (Step::One, 1),
        '[' => end().map_or((Step::Is('['), 1), |end| {
            (Step::Of(&pattern[1..end]), end + 1)
        }),
        c => (Step::Is(c), 1),
    }
}

impl Step<'_> {
    fn taken(&self, open: &[bool], name: &[char]) -> Vec<bool> {
        let first = open.iter().position(|open| *open);
        let taken = |end: usize| match self {
            Self::Any => first.is_some_and(|first| first <= end),
            one => end > 0 && open[end - 1] && one.takes(name[end - 1]),
        };
        (0..open.len()).map(taken).collect()
    }

    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Is(own) => c == *own,
            Self::Of(['!' | '^', set @ ..]) => !is_in(set, c),
            Self::Of(set) => is_in(set, c),
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
    fn patterns_fit_as_those_of_glob() {
        for (pattern, name) in [
            ("*", "openhab"),
            ("*.conf", "a.conf"),
            ("5?-*.conf", "50-mod.conf"),
            ("[a-c]*[!x]", "babe"),
            ("[", "["),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.conf", "a.conf.bak"),
            ("?", ""),
            ("[a-c]", "d"),
            ("a", "ab"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_in_order_and_hidden_ones_are_not() {
        let paths = ["/e/s/b", "/e/s/a", "/e/s/.c", "/e/t/a"];
        let files = Memory(
            paths
                .iter()
                .map(|path| (path.into(), String::new()))
                .collect(),
        );
        let found = matching(&files, Path::new("/e/*/*"));
        assert_eq!(found, ["/e/s/a", "/e/s/b", "/e/t/a"].map(PathBuf::from));
    }
}

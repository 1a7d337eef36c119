//! Secret values of request fields, each in a private file beside `proxy.yaml`.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
};

/// The folder of the files, beside `proxy.yaml`.
pub(crate) const FOLDER: &str = "secrets";

/// A secret value and its file.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretFile {
    /// The path, relative to the folder of `proxy.yaml`.
    pub path: PathBuf,
    /// The content of the file, one line.
    pub value: String,
    name: String,
}

/// All secret values of an import.
#[derive(Clone, Default)]
pub(crate) struct SecretFiles {
    files: Vec<SecretFile>,
    /// Texts that the report hides.
    pub(crate) hidden: Vec<String>,
}

impl SecretFiles {
    /// Returns the file of a field's value as `proxy.yaml` names it, and adds it if it is new.
    pub(crate) fn file(&mut self, host: &str, name: &str, value: &str) -> String {
        if let Some(known) = self.find(name, value) {
            return known;
        }
        let safe = |c: char| match c.is_ascii_alphanumeric() || c == '.' {
            true => c.to_ascii_lowercase(),
            false => '-',
        };
        let base = format!("{host}-{name}");
        let base: String = base
            .trim_start_matches(['*', '.'])
            .chars()
            .map(safe)
            .collect();
        let taken: BTreeSet<_> = self.files.iter().map(|file| &file.path).collect();
        let numbered = |nth: usize| match nth {
            1 => Path::new(FOLDER).join(&base),
            _ => Path::new(FOLDER).join(format!("{base}-{nth}")),
        };
        let mut paths = (1..).map(numbered);
        let path = paths
            .find(|path| !taken.contains(&path))
            .unwrap_or_default();
        let shown = path.display().to_string();
        let (name, value) = (name.to_ascii_lowercase(), value.to_owned());
        self.files.push(SecretFile { path, value, name });
        shown
    }

    /// Finds the file of a field's value.
    pub(crate) fn find(&self, name: &str, value: &str) -> Option<String> {
        let is_same =
            |file: &&SecretFile| file.name.eq_ignore_ascii_case(name) && file.value == value;
        Some(self.files.iter().find(is_same)?.path.display().to_string())
    }

    pub(crate) fn all(&self) -> &[SecretFile] {
        &self.files
    }
}

impl fmt::Debug for SecretFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.files).finish()
    }
}

impl fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (…)", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_file() {
        let mut files = SecretFiles::default();
        let mut file = |host: &str, value: &str| files.file(host, "Authorization", value);
        assert_eq!(file("cam.lan", "Basic a"), "secrets/cam.lan-authorization");
        assert_eq!(
            file("cam.lan", "Basic b"),
            "secrets/cam.lan-authorization-2"
        );
        assert_eq!(
            file("other.lan", "Basic a"),
            "secrets/cam.lan-authorization"
        );
        assert_eq!(file("*.lan", "Basic c"), "secrets/lan-authorization");
        assert_eq!(file("[::1]", "Basic d"), "secrets/---1--authorization");
        assert_eq!(files.all().len(), 4);
    }
}

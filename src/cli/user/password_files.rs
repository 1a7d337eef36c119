//! The choice of a password file among those that proxy.yaml names.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};

use super::FileChoice;
use crate::config::model::{Config, Site};

/// Password files, each once.
pub(super) struct PasswordFiles(Vec<PathBuf>);

impl PasswordFiles {
    /// Chooses the file that is named, that of a site, or the only one. `yaml` is the path of
    /// proxy.yaml.
    pub(super) fn choose(
        config: &Config,
        yaml: &Path,
        choice: &FileChoice,
    ) -> anyhow::Result<PathBuf> {
        let all = Self::of_sites(config.sites.iter().map(|site| &**site));
        if all.0.is_empty() {
            bail!(
                "no site of {} asks for a password: add `password: FILE` to its access",
                yaml.display()
            );
        }
        match (&choice.file, &choice.site) {
            (Some(file), _) => all.named(file, yaml),
            (None, None) => all.only("--site HOST or --file FILE"),
            (None, Some(host)) => Self::of_sites([site(config, host)?]).only("--file FILE"),
        }
    }

    fn of_sites<'a>(sites: impl IntoIterator<Item = &'a Site>) -> Self {
        let mut files: Vec<PathBuf> = Vec::new();
        let rules = sites.into_iter().flat_map(Site::rules);
        for file in rules.filter_map(|rule| rule.password.as_ref()) {
            if !files.contains(file) {
                files.push(file.clone());
            }
        }
        Self(files)
    }

    /// Returns the file that is named relative to the working directory, or as in proxy.yaml.
    fn named(&self, named: &Path, yaml: &Path) -> anyhow::Result<PathBuf> {
        let beside = yaml.parent().unwrap_or(Path::new("")).join(named);
        let is_named = |file: &&PathBuf| is_same(file, named) || is_same(file, &beside);
        let found = self.0.iter().find(is_named);
        found.cloned().ok_or_else(|| {
            let (named, yaml) = (named.display(), yaml.display());
            anyhow!("{named} is no password file of {yaml}; there are: {self}")
        })
    }

    fn only(&self, options: &str) -> anyhow::Result<PathBuf> {
        match self.0.as_slice() {
            [] => bail!("this site asks for no password: add `password: FILE` to its access"),
            [file] => Ok(file.clone()),
            _ => bail!("there are several password files, choose with {options}: {self}"),
        }
    }
}

impl fmt::Display for PasswordFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.0.iter().map(|file| file.display().to_string());
        f.write_str(&files.collect::<Vec<_>>().join(", "))
    }
}

fn site<'a>(config: &'a Config, host: &str) -> anyhow::Result<&'a Site> {
    let wanted = host.to_lowercase();
    let has = |site: &&Site| site.hosts.iter().any(|host| host.to_string() == wanted);
    let mut sites = config.sites.iter().map(|site| &**site);
    sites.find(has).ok_or_else(|| {
        let hosts = config.sites.iter().flat_map(|site| &site.hosts);
        let hosts: Vec<_> = hosts.map(ToString::to_string).collect();
        anyhow!(
            "no site has the host {host:?}; there are: {}",
            hosts.join(", ")
        )
    })
}

/// True if both paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|path| Some(path) == real(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const YAML: &str = "sites:\n\
        - {hosts: [a], upstream: 'http://h:1', access: {password: one}}\n\
        - {hosts: [b], upstream: 'http://h:1', access: {password: two},\n   \
           paths: [{path: /x, access: {password: three}}]}\n\
        - {hosts: [c], upstream: 'http://h:1', access: public}\n";

    fn chosen(text: &str, site: Option<&str>, file: Option<&str>) -> Result<String, String> {
        let yaml = Path::new("/nowhere/proxy.yaml");
        let choice = FileChoice {
            site: site.map(str::to_owned),
            file: file.map(PathBuf::from),
        };
        let config = config::parse(text, yaml).unwrap();
        let chosen = PasswordFiles::choose(&config, yaml, &choice);
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        chosen.map(name).map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_file_needs_no_name() {
        let yaml = "sites: [{hosts: [a], upstream: 'http://h:1', access: {password: one}}]";
        assert_eq!(chosen(yaml, None, None).unwrap(), "one");
        let open = yaml.replace("{password: one}", "public");
        let refused = chosen(&open, None, None).unwrap_err();
        assert!(refused.contains("asks for a password"), "{refused}");
    }

    #[test]
    fn one_of_several_is_chosen_by_site_or_name() {
        assert_eq!(chosen(YAML, Some("A"), None).unwrap(), "one");
        assert_eq!(chosen(YAML, None, Some("three")).unwrap(), "three");
        assert_eq!(chosen(YAML, None, Some("/nowhere/two")).unwrap(), "two");
        for (site, file, why) in [
            (None, None, "--site HOST or --file FILE: "),
            (Some("b"), None, "--file FILE: "),
            (Some("c"), None, "asks for no password"),
            (Some("d"), None, "there are: a, b, c"),
            (None, Some("four"), "there are: "),
        ] {
            let refused = chosen(YAML, site, file).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}

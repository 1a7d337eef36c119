//! Which password file is meant, of those that proxy.yaml names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};

use super::Place;
use crate::config::model::{Config, Site};

/// The file that is meant: the only one, that of a site, or the one that is named.
pub(super) fn file(config: &Config, yaml: &Path, place: &Place) -> anyhow::Result<PathBuf> {
    let all = files(config.sites.iter().map(|site| &**site));
    if all.is_empty() {
        bail!(
            "no site of {} asks for a password: add `password: FILE` to its access",
            yaml.display()
        );
    }
    if let Some(wanted) = &place.file {
        let found = all.iter().find(|file| is_same(file, wanted, yaml));
        return found.cloned().ok_or_else(|| {
            let (wanted, yaml) = (wanted.display(), yaml.display());
            anyhow!(
                "{wanted} is no password file of {yaml}; there are: {}",
                told(&all)
            )
        });
    }
    match &place.site {
        None => only(&all, "--site HOST or --file FILE"),
        Some(host) => only(&files([site(config, host)?]), "--file FILE"),
    }
}

/// The files of the sites' rules, each once.
fn files<'a>(sites: impl IntoIterator<Item = &'a Site>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    let rules = sites.into_iter().flat_map(Site::rules);
    for file in rules.filter_map(|rule| rule.password.as_ref()) {
        if !files.contains(file) {
            files.push(file.clone());
        }
    }
    files
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

fn only(files: &[PathBuf], choice: &str) -> anyhow::Result<PathBuf> {
    match files {
        [] => bail!("this site asks for no password: add `password: FILE` to its access"),
        [file] => Ok(file.clone()),
        several => bail!(
            "there are several password files, choose with {choice}: {}",
            told(several)
        ),
    }
}

/// Whether the file is named as here, or as in proxy.yaml.
fn is_same(file: &Path, wanted: &Path, yaml: &Path) -> bool {
    let beside = yaml.parent().unwrap_or(Path::new("")).join(wanted);
    let real = |path: &Path| fs::canonicalize(path).ok();
    [wanted, &beside]
        .into_iter()
        .any(|named| named == file || real(named).is_some_and(|named| Some(named) == real(file)))
}

fn told(files: &[PathBuf]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    files.join(", ")
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
        let place = Place {
            site: site.map(str::to_owned),
            file: file.map(PathBuf::from),
        };
        let chosen = super::file(&config::parse(text, yaml).unwrap(), yaml, &place);
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

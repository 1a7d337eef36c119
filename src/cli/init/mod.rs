//! `hubgate init`: a first `proxy.yaml` and a first user, by a few questions or flags.
//!
//! A file of the operator is replaced only if a flag names it. The package's file belongs to the
//! package until it is changed.

mod dialogue;
mod draft;
mod next;

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rustix::fs::{Access, AtFlags, CWD, accessat};

use self::next::NextSteps;
use super::{check, print, user::Users};
use crate::{access::password::entry::UserName, config, regular_file};

/// The answers that are given as flags. At a terminal, missing ones are asked for.
#[derive(Debug, Default, Args)]
pub(super) struct Init {
    /// A name or address that people type, such as home.example.org; can be given several times.
    #[arg(long = "host", value_name = "HOST", value_delimiter = ',')]
    hosts: Vec<String>,
    /// URL of the hub [default: http://127.0.0.1:8080].
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
    /// Access from outside the home; at home, everyone has access [default: both].
    #[arg(long, value_name = "WHO")]
    away: Option<Away>,
    /// Your e-mail address, for the CA that certifies the host.
    #[arg(long)]
    email: Option<String>,
    /// The first user; the password is asked for, or is one line of standard input.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Replace this proxy.yaml, and store it as FILE.old.
    #[arg(long, value_name = "FILE", value_parser = super::path_argument())]
    overwrite: Option<PathBuf>,
}

/// The access from outside the home's networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Away {
    /// No access.
    Nobody,
    /// Users with a password.
    Password,
    /// Phones enrolled by `hubgate client add`.
    Phones,
    /// Users with a password, and enrolled phones.
    Both,
}

/// The package's file.
const PACKAGED: &str = include_str!("../../../scripts/debian/proxy.yaml");

/// Folder of the package's file.
const PACKAGE_FOLDER: &str = "/etc/hubgate";

/// State folder of the package.
const PACKAGE_STATE: &str = "/var/lib/hubgate";

impl Init {
    /// Writes the file and the user, checks them, and prints the next commands.
    pub(super) fn run(&self, named: Option<&Path>) -> anyhow::Result<()> {
        let path = named.map_or_else(default_path, Path::to_owned);
        let file = ConfigFile::resolve(&path)?;
        file.must_be_writable()?;
        let replaced = file.replaces(self.overwrite.as_deref())?;
        let draft = self.draft()?;
        let text = draft.yaml(file.state());
        let config = config::parse(&text, &path)?;
        let user = draft.user.as_ref();
        let added = user.map(|user| file.add_user(user, &config.state));
        let added = added.transpose()?.unwrap_or_default();
        file.write(&text, replaced)?;
        print(&format!("wrote {}\n{added}", path.display()))?;
        check::run(&path)?;
        let steps = NextSteps {
            path: &path,
            config: &config,
            draft: &draft,
        };
        print(&steps.to_string())
    }
}

/// Returns the package's file if the package is installed, else one in this folder.
fn default_path() -> PathBuf {
    let folder = Path::new(PACKAGE_FOLDER);
    match folder.is_dir() {
        true => folder.join("proxy.yaml"),
        false => "proxy.yaml".into(),
    }
}

/// The proxy.yaml to write.
struct ConfigFile<'a> {
    named: &'a Path,
    /// The path without symlinks, so that a symlink is not replaced.
    real: PathBuf,
}

impl<'a> ConfigFile<'a> {
    /// Resolves the symlinks of a path.
    ///
    /// # Errors
    /// The path is a symlink to a file that does not exist.
    fn resolve(named: &'a Path) -> anyhow::Result<Self> {
        if !named.is_symlink() {
            let real = named.to_owned();
            return Ok(Self { named, real });
        }
        let shown = named.display();
        let real = fs::canonicalize(named).with_context(|| {
            format!(
                "{shown}: a symlink that leads nowhere: remove it, or make the file that it names"
            )
        })?;
        Ok(Self { named, real })
    }

    /// Fails before the first question if the file cannot be written.
    fn must_be_writable(&self) -> anyhow::Result<()> {
        let folder = self.real_folder();
        let fault = accessat(CWD, folder, Access::WRITE_OK, AtFlags::EACCESS);
        let fault = fault.map_err(io::Error::from);
        fault.with_context(|| format!("{}: cannot be written to", folder.display()))
    }

    /// True if a file of the operator is replaced.
    ///
    /// # Errors
    /// The file exists, is not the package's, and `overwrite` does not name it.
    fn replaces(&self, overwrite: Option<&Path>) -> anyhow::Result<bool> {
        let shown = self.named.display();
        match (overwrite, regular_file::read_to_string(self.named)) {
            (Some(other), _) if !is_same(other, self.named) => bail!(
                "--overwrite names {}, and {shown} would be written: name that file, or give it with -c",
                other.display()
            ),
            (Some(_), Ok(_)) => Ok(true),
            (_, Ok(text)) if text == PACKAGED => Ok(false),
            (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            (_, Ok(_)) => bail!(
                "{shown} exists already, and `hubgate check` prints its effect; to replace it: \
                 hubgate init --overwrite {shown}"
            ),
            (_, Err(error)) => Err(error).with_context(|| format!("{shown}: cannot be read")),
        }
    }

    /// Returns the state folder to write into the file; `None` if the default is right.
    fn state(&self) -> Option<&'static str> {
        let is_packaged = self.named.parent() == Some(Path::new(PACKAGE_FOLDER));
        is_packaged.then_some(PACKAGE_STATE)
    }

    /// Adds the user to the password file beside this file, and returns what was done.
    fn add_user(&self, name: &UserName, state: &Path) -> anyhow::Result<String> {
        let folder = self.named.parent().unwrap_or(Path::new(""));
        let file = folder.join(draft::PASSWORDS);
        let added = Users::open(&file, state)?.add_once(name)?;
        let (name, file) = (name.as_str(), file.display());
        Ok(match added {
            true => format!("added {name} to {file}\n"),
            false => format!("{file} has {name} already: the password is unchanged\n"),
        })
    }

    /// Writes the file at once; one that is replaced is stored beside it first.
    fn write(&self, text: &str, replaced: bool) -> anyhow::Result<()> {
        let fault = || format!("{}: cannot be written", self.real.display());
        if replaced {
            let mut old = self.real.as_os_str().to_owned();
            old.push(".old");
            fs::copy(&self.real, &old).with_context(fault)?;
        }
        self.replace(text).with_context(fault)
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        // The service runs as another user, and the file contains no secret.
        let readable = fs::Permissions::from_mode(0o644);
        let mut file = tempfile::Builder::new()
            .permissions(readable.clone())
            .tempfile_in(self.real_folder())?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.as_file().set_permissions(readable)?;
        file.as_file().sync_all()?;
        file.persist(&self.real)?;
        Ok(())
    }

    fn real_folder(&self) -> &Path {
        let folder = self.real.parent();
        let folder = folder.filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new("."))
    }
}

/// True if both paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|path| Some(path) == real(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::Folder;

    #[test]
    fn a_file_is_replaced_only_if_it_is_the_packages_or_named() {
        let folder = Folder::new();
        let path = folder.path("proxy.yaml");
        let replaces =
            |overwrite: Option<&Path>| ConfigFile::resolve(&path).unwrap().replaces(overwrite);
        assert!(!replaces(None).unwrap());
        fs::write(&path, PACKAGED).unwrap();
        assert!(!replaces(None).unwrap());
        fs::write(&path, "sites: []").unwrap();
        let refused = replaces(None).unwrap_err().to_string();
        assert!(refused.contains("--overwrite"), "{refused}");
        let other = folder.write("other.yaml", "");
        assert!(replaces(Some(&other)).is_err());
        assert!(replaces(Some(&path)).unwrap());
    }

    #[test]
    fn the_replaced_file_is_stored_beside_the_new_one() {
        let folder = Folder::new();
        let path = folder.write("proxy.yaml", "old");
        let file = ConfigFile::resolve(&path).unwrap();
        file.write("new", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            fs::read_to_string(folder.path("proxy.yaml.old")).unwrap(),
            "old"
        );
    }

    #[test]
    fn the_file_of_a_symlink_is_replaced_and_the_symlink_stays() {
        let folder = Folder::new();
        let (file, link) = (folder.write("real.yaml", "old"), folder.path("proxy.yaml"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let linked = ConfigFile::resolve(&link).unwrap();
        linked.write("new", true).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        fs::remove_file(&file).unwrap();
        let fault = format!("{:#}", ConfigFile::resolve(&link).err().unwrap());
        assert!(fault.contains("leads nowhere"), "{fault}");
    }

    #[test]
    fn a_device_instead_of_the_file_is_refused() {
        let device = ConfigFile::resolve(Path::new("/dev/zero")).unwrap();
        let fault = device.replaces(None).unwrap_err();
        assert!(format!("{fault:#}").contains("a device"), "{fault:#}");
    }

    #[test]
    fn the_file_of_the_package_is_valid() {
        config::parse(PACKAGED, Path::new("/etc/hubgate/proxy.yaml")).unwrap();
    }
}

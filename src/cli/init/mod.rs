//! `hubgate init`: a first `proxy.yaml` and a first user, by a few questions or flags.
//!
//! Overwrites no file of the operator's unless it is named; the one that the package brings is
//! the package's until it is changed.

mod dialogue;
mod draft;
mod next;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{check, print, user};
use crate::{access::password::entry::UserName, config, regular_file};

/// What the first configuration says; what is not given is asked for at a terminal.
#[derive(Debug, Default, Args)]
pub(super) struct Init {
    /// A name or address that people type, such as home.example.org; may be given several times.
    #[arg(long = "host", value_name = "HOST", value_delimiter = ',')]
    hosts: Vec<String>,
    /// The hub [default: http://127.0.0.1:8080].
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
    /// Who may enter from elsewhere; everybody at home may [default: both].
    #[arg(long, value_name = "WHO")]
    away: Option<Away>,
    /// Your e-mail address, for the CA that certifies the host.
    #[arg(long)]
    email: Option<String>,
    /// The first user; the password is asked for, or is one line of standard input.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Replace this proxy.yaml; it is kept with `.old` at its end.
    #[arg(long, value_name = "FILE", value_parser = super::path_argument())]
    overwrite: Option<PathBuf>,
}

/// Who may enter from outside the home's networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Away {
    /// Nobody.
    Nobody,
    /// Users with a password.
    Password,
    /// Phones enrolled by `hubgate client add`.
    Phones,
    /// Either of the two.
    Both,
}

/// The file that the package brings.
const PACKAGED: &str = include_str!("../../../scripts/debian/proxy.yaml");

/// The folder of the package's configuration, and that of its state.
const PACKAGE: (&str, &str) = ("/etc/hubgate", "/var/lib/hubgate");

/// Writes the file and the user, checks them, and prints the next command.
pub(super) fn run(named: Option<&Path>, init: &Init) -> anyhow::Result<()> {
    let path = named.map_or_else(default_path, Path::to_owned);
    let real = real(&path)?;
    must_be_writable(&real)?;
    let replaced = must_be_free(&path, init.overwrite.as_deref())?;
    let draft = dialogue::complete(init)?;
    let text = draft.yaml(state(&path));
    let config = config::parse(&text, &path)?;
    let user = draft.user.as_ref();
    let added = user.map(|user| first_user(&path, &config.state, user));
    let added = added.transpose()?;
    write(&real, &text, replaced)?;
    print(&format!(
        "wrote {}\n{}",
        path.display(),
        added.unwrap_or_default()
    ))?;
    check::run(&path)?;
    print(&next::commands(&path, &config, &draft))
}

/// The package's file where the package is installed, else one in this folder.
fn default_path() -> PathBuf {
    let folder = Path::new(PACKAGE.0);
    match folder.is_dir() {
        true => folder.join("proxy.yaml"),
        false => "proxy.yaml".into(),
    }
}

/// The state folder to name in the file; none where the default is right.
fn state(path: &Path) -> Option<&'static str> {
    (path.parent() == Some(Path::new(PACKAGE.0))).then_some(PACKAGE.1)
}

/// The file that the path leads to: a symlink stays one.
///
/// # Errors
/// It is a symlink that leads nowhere.
fn real(path: &Path) -> anyhow::Result<PathBuf> {
    if !path.is_symlink() {
        return Ok(path.to_owned());
    }
    let shown = path.display();
    fs::canonicalize(path).with_context(|| {
        format!("{shown}: a symlink that leads nowhere: remove it, or make the file that it names")
    })
}

/// Fails before the first question where no answer would help.
fn must_be_writable(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let fault = accessat(CWD, folder, Access::WRITE_OK, AtFlags::EACCESS);
    let fault = fault.map_err(io::Error::from);
    fault.with_context(|| format!("{}: cannot be written to", folder.display()))
}

/// Whether the operator has the file replaced.
///
/// # Errors
/// The file is there, and is neither the package's nor named.
fn must_be_free(path: &Path, overwrite: Option<&Path>) -> anyhow::Result<bool> {
    let shown = path.display();
    match (overwrite, regular_file::read_to_string(path)) {
        (Some(other), _) if !is_same(other, path) => bail!(
            "--overwrite names {}, and {shown} would be written: name that file, or give it with -c",
            other.display()
        ),
        (Some(_), Ok(_)) => Ok(true),
        (_, Ok(text)) if text == PACKAGED => Ok(false),
        (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        (_, Ok(_)) => bail!(
            "{shown} is there already, and `hubgate check` prints what it means; to replace it: \
             hubgate init --overwrite {shown}"
        ),
        (_, Err(error)) => Err(error).with_context(|| format!("{shown}: cannot be read")),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|path| Some(path) == real(other))
}

/// Adds the user to the password file beside the configuration.
fn first_user(path: &Path, state: &Path, name: &UserName) -> anyhow::Result<String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = folder.join(draft::PASSWORDS);
    let name_shown = name.as_str();
    Ok(match user::add_once(&file, state, name)? {
        true => format!("added {name_shown} to {}\n", file.display()),
        false => format!(
            "{} has {name_shown} already, whose password stays\n",
            file.display()
        ),
    })
}

/// Writes the file whole; one that is replaced stays beside it.
fn write(path: &Path, text: &str, replaced: bool) -> anyhow::Result<()> {
    let fault = || format!("{}: cannot be written", path.display());
    if replaced {
        let mut old = path.as_os_str().to_owned();
        old.push(".old");
        fs::copy(path, &old).with_context(fault)?;
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = tempfile::Builder::new()
        .permissions(readable())
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .with_context(fault)?;
    io::Write::write_all(&mut file, text.as_bytes()).with_context(fault)?;
    file.as_file()
        .set_permissions(readable())
        .with_context(fault)?;
    file.as_file().sync_all().with_context(fault)?;
    file.persist(path).with_context(fault)?;
    Ok(())
}

/// The service reads the file as another user; it holds no secret.
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::Folder;

    #[test]
    fn a_file_is_replaced_only_where_it_is_the_packages_or_named() {
        let folder = Folder::new();
        let path = folder.path("proxy.yaml");
        assert!(!must_be_free(&path, None).unwrap());
        fs::write(&path, PACKAGED).unwrap();
        assert!(!must_be_free(&path, None).unwrap());
        fs::write(&path, "sites: []").unwrap();
        let refused = must_be_free(&path, None).unwrap_err().to_string();
        assert!(refused.contains("--overwrite"), "{refused}");
        let other = folder.write("other.yaml", "");
        assert!(must_be_free(&path, Some(&other)).is_err());
        assert!(must_be_free(&path, Some(&path)).unwrap());
    }

    #[test]
    fn the_replaced_file_is_kept_beside_the_new_one() {
        let folder = Folder::new();
        let path = folder.write("proxy.yaml", "old");
        write(&path, "new", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            fs::read_to_string(folder.path("proxy.yaml.old")).unwrap(),
            "old"
        );
    }

    #[test]
    fn a_symlink_stays_one_and_its_file_is_replaced() {
        let folder = Folder::new();
        let (file, link) = (folder.write("real.yaml", "old"), folder.path("proxy.yaml"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&real(&link).unwrap(), "new", true).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        fs::remove_file(&file).unwrap();
        let fault = format!("{:#}", real(&link).unwrap_err());
        assert!(fault.contains("leads nowhere"), "{fault}");
    }

    #[test]
    fn a_device_in_the_place_of_the_file_is_refused() {
        let fault = must_be_free(Path::new("/dev/zero"), None).unwrap_err();
        assert!(format!("{fault:#}").contains("a device"), "{fault:#}");
    }

    #[test]
    fn the_file_of_the_package_is_valid() {
        config::parse(PACKAGED, Path::new("/etc/hubgate/proxy.yaml")).unwrap();
    }
}

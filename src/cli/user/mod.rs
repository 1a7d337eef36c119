//! `hubgate user`: the users of a password file.
//!
//! Changes the htpasswd file itself. The running process reloads it, and so do other programs that
//! read it.

mod file;
mod list;
mod password_files;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};

use self::{file::File, list::List, password_files::PasswordFiles};
use super::{print, prompt::SecretPrompt};
use crate::{
    access::password::{
        entry::{self, UserName},
        lines::Lines,
        listing,
    },
    config,
    private_file::OwnerRights,
};

/// A command about users, and the file that it applies to.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    choice: FileChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a user; the password is asked for, or is one line of standard input.
    Add {
        /// Name of the user.
        name: String,
    },
    /// Change a user's password.
    Passwd {
        /// Name of the user.
        name: String,
    },
    /// Remove a user.
    Del {
        /// Name of the user.
        name: String,
    },
    /// List the users, and the lines of the file that are faulty.
    List(List),
}

/// The password file, if proxy.yaml names several.
#[derive(Debug, Args)]
struct FileChoice {
    /// The password file of the site with this host.
    #[arg(long, global = true, value_name = "HOST", conflicts_with = "file")]
    site: Option<String>,
    /// This password file of proxy.yaml.
    #[arg(long, global = true, value_name = "FILE", value_parser = super::path_argument())]
    file: Option<PathBuf>,
}

impl User {
    pub(super) fn run(&self, path: &Path) -> anyhow::Result<()> {
        let config = config::load(path)?;
        let file = PasswordFiles::choose(&config, path, &self.choice)?;
        let state = &config.state;
        let users = Users::open(&file, state)?;
        match &self.command {
            Command::Add { name } => users.add(name),
            Command::Passwd { name } => users.change_password(name),
            Command::Del { name } => users.remove(name),
            Command::List(list) => list.run(&users.file.read()?),
        }
    }
}

/// The users of a password file.
pub(super) struct Users<'a> {
    file: File,
    /// State folder; its owner may read a new password file.
    state: &'a Path,
    _rights: OwnerRights,
}

impl<'a> Users<'a> {
    /// Opens a password file, which need not exist yet.
    pub(super) fn open(file: &Path, state: &'a Path) -> anyhow::Result<Self> {
        let rights = OwnerRights::assume(file).with_context(|| file.display().to_string())?;
        Ok(Self {
            file: File::resolve(file)?,
            state,
            _rights: rights,
        })
    }

    fn add(&self, name: &str) -> anyhow::Result<()> {
        let user = UserName::parse(name)?;
        must_be_new(&self.lines()?, &user)?;
        self.add_new(&user)?;
        print(&format!("added {name} to {}\n", self.file))
    }

    /// Adds a user if the file does not have it; returns whether it was added.
    ///
    /// # Errors
    /// The password is refused, or the file cannot be read or written.
    pub(super) fn add_once(&self, user: &UserName) -> anyhow::Result<bool> {
        if self.lines()?.has(user) {
            return Ok(false);
        }
        self.add_new(user)?;
        Ok(true)
    }

    fn add_new(&self, user: &UserName) -> anyhow::Result<()> {
        let hash = new_hash()?;
        self.file.change(self.state, |lines| {
            must_be_new(lines, user)?;
            lines.add(user, &hash);
            Ok(())
        })
    }

    fn change_password(&self, name: &str) -> anyhow::Result<()> {
        let user = UserName::parse(name)?;
        self.must_exist(&self.lines()?, &user)?;
        let hash = new_hash()?;
        self.file.change(self.state, |lines| {
            self.must_exist(lines, &user)?;
            lines.change(&user, &hash);
            Ok(())
        })?;
        print(&format!(
            "changed the password of {name} in {}\n",
            self.file
        ))
    }

    fn remove(&self, name: &str) -> anyhow::Result<()> {
        let user = UserName::parse(name)?;
        let file = &self.file;
        file.change(self.state, |lines| {
            self.must_exist(lines, &user)?;
            lines.remove(&user);
            // hubgate refuses a file without users, so the removed one would stay valid until it
            // ends.
            ensure!(
                listing::is_usable(&lines.content()),
                "{name} is the last user of {file}, and hubgate accepts no file without one: add another \
                 user first, or lock this one out with `hubgate user passwd {name}`"
            );
            Ok(())
        })?;
        print(&format!("removed {name} from {file}\n"))
    }

    fn lines(&self) -> anyhow::Result<Lines> {
        Ok(Lines::parse(&self.file.read()?))
    }

    fn must_exist(&self, lines: &Lines, user: &UserName) -> anyhow::Result<()> {
        if lines.has(user) {
            return Ok(());
        }
        bail!(
            "{} has no user {:?}: `hubgate user list` prints its users",
            self.file,
            user.as_str()
        )
    }
}

fn new_hash() -> anyhow::Result<String> {
    SecretPrompt("new password: ").read_new(entry::hash)
}

fn must_be_new(lines: &Lines, user: &UserName) -> anyhow::Result<()> {
    let name = user.as_str();
    ensure!(
        !lines.has(user),
        "there is a user {name:?} already: change the password with `hubgate user passwd`"
    );
    Ok(())
}

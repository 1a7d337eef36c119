//! `hubgate user`: who has a password.
//!
//! Works on the htpasswd file itself; a running process sees that it changed, and so do others
//! that read it.

mod chosen;
mod file;
mod list;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};

use self::file::File;
use super::{print, prompt};
use crate::{
    access::password::{
        entry::{self, UserName},
        lines::Lines,
        listing,
    },
    config,
    secret_file::OwnerRights,
};

/// What to do about users, and in which file.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a user; the password is asked for, or is one line of standard input.
    Add {
        /// The user.
        name: String,
    },
    /// Give a user another password.
    Passwd {
        /// The user.
        name: String,
    },
    /// Remove a user.
    Del {
        /// The user.
        name: String,
    },
    /// Tell which users there are, and which lines of the file let nobody in.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which file, where proxy.yaml names several.
#[derive(Debug, Args)]
struct Place {
    /// The password file of the site with this host.
    #[arg(long, global = true, value_name = "HOST", conflicts_with = "file")]
    site: Option<String>,
    /// This password file of proxy.yaml.
    #[arg(long, global = true, value_name = "FILE", value_parser = super::path_argument())]
    file: Option<PathBuf>,
}

/// Does what was asked.
pub(super) fn run(path: &Path, user: &User) -> anyhow::Result<()> {
    let config = config::load(path)?;
    let file = chosen::file(&config, path, &user.place)?;
    let _rights = OwnerRights::assume(&file).with_context(|| file.display().to_string())?;
    let file = File::of(&file)?;
    match &user.command {
        Command::Add { name } => add(&file, &config.state, name),
        Command::Passwd { name } => passwd(&file, &config.state, name),
        Command::Del { name } => del(&file, &config.state, name),
        Command::List { json } => list::run(&file.read()?, *json),
    }
}

fn add(file: &File, state: &Path, name: &str) -> anyhow::Result<()> {
    let user = UserName::parse(name)?;
    must_be_new(&Lines::parse(&file.read()?), &user)?;
    let hash = new_hash()?;
    file.change(state, |lines| {
        must_be_new(lines, &user)?;
        lines.add(&user, &hash);
        Ok(())
    })?;
    print(&format!("added {name} to {file}\n"))
}

/// Adds a user to a password file that may not be there yet; says whether the user is new.
///
/// # Errors
/// The password is unfit, or the file cannot be read or written.
pub(super) fn add_once(file: &Path, state: &Path, user: &UserName) -> anyhow::Result<bool> {
    let _rights = OwnerRights::assume(file).with_context(|| file.display().to_string())?;
    let file = File::of(file)?;
    if Lines::parse(&file.read()?).has(user) {
        return Ok(false);
    }
    let hash = new_hash()?;
    file.change(state, |lines| {
        must_be_new(lines, user)?;
        lines.add(user, &hash);
        Ok(())
    })?;
    Ok(true)
}

fn passwd(file: &File, state: &Path, name: &str) -> anyhow::Result<()> {
    let user = UserName::parse(name)?;
    must_be_known(&Lines::parse(&file.read()?), &user, file)?;
    let hash = new_hash()?;
    file.change(state, |lines| {
        must_be_known(lines, &user, file)?;
        lines.change(&user, &hash);
        Ok(())
    })?;
    print(&format!("changed the password of {name} in {file}\n"))
}

fn del(file: &File, state: &Path, name: &str) -> anyhow::Result<()> {
    let user = UserName::parse(name)?;
    file.change(state, |lines| {
        must_be_known(lines, &user, file)?;
        lines.remove(&user);
        // hubgate would not take such a file: the removed user would stay until it ends.
        ensure!(
            listing::is_usable(&lines.content()),
            "{name} is the last user of {file}, and hubgate takes no file without one: add another \
             user first, or lock this one out with `hubgate user passwd {name}`"
        );
        Ok(())
    })?;
    print(&format!("removed {name} from {file}\n"))
}

fn new_hash() -> anyhow::Result<String> {
    prompt::new_secret("new password: ", entry::hash)
}

fn must_be_new(lines: &Lines, user: &UserName) -> anyhow::Result<()> {
    let name = user.as_str();
    ensure!(
        !lines.has(user),
        "there is a user {name:?} already: give another password with `hubgate user passwd`"
    );
    Ok(())
}

fn must_be_known(lines: &Lines, user: &UserName, file: &File) -> anyhow::Result<()> {
    if lines.has(user) {
        return Ok(());
    }
    bail!(
        "{file} has no user {:?}: `hubgate user list` tells those it has",
        user.as_str()
    )
}
